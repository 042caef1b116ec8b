/**
 * Whether units have started, are ready, and are still well: asks each by its probes, with Kubernetes' meaning. A startup probe holds the other two back;
 * readiness only says so; liveness and startup give the unit up after enough failures.
 *
 * It stops nothing: what a verdict means is decided by `plan.ts`. One owner of all its timers; each probe has one question under way.
 */
import type { ContainerSpec, Probe } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import { noTally, tallyAfter, type Tally } from './probe-tally.ts';

export interface ProbedUnit {
  /** Of the unit: another attempt is another one. */
  readonly key: string;
  readonly startedAtMs: number;
  readonly container: Pick<ContainerSpec, 'startupProbe' | 'livenessProbe' | 'readinessProbe'>;
  /** Adopted: how it was known before. It counts as that until its probes say otherwise. */
  readonly wasReady: boolean;
  readonly ask: (probe: Probe, signal: AbortSignal) => Promise<boolean>;
}

export interface Health {
  readonly isStarted: boolean;
  readonly isReady: boolean;
  readonly isUnhealthy: boolean;
  /** It was ready at some time. */
  readonly hasServed: boolean;
}

export interface Probes {
  /** From now on these units of a workload are asked, and no others of it. */
  sync(workloadUid: string, units: readonly ProbedUnit[]): void;
  healthOf(key: string): Health;
  close(): void;
}

export interface ProbesOptions {
  readonly clock: Clock;
  readonly onChange: (workloadUid: string) => void;
}

interface Watched {
  health: Health;
  readonly end: AbortController;
}

type Kind = 'startupProbe' | 'livenessProbe' | 'readinessProbe';

const unknown: Health = { isStarted: false, isReady: false, isUnhealthy: false, hasServed: false };

export function createProbes({ clock, onChange }: ProbesOptions): Probes {
  const workloads = new Map<string, Map<string, Watched>>();

  const begin = (workloadUid: string, unit: ProbedUnit): Watched => {
    const { startupProbe, readinessProbe } = unit.container;
    const isStarted = startupProbe === undefined || unit.wasReady;
    const isReady = unit.wasReady || (isStarted && readinessProbe === undefined);
    const watched: Watched = { health: { isStarted, isReady, isUnhealthy: false, hasServed: isReady }, end: new AbortController() };
    const change = (health: Partial<Health>): void => {
      const next = { ...watched.health, ...health, hasServed: watched.health.hasServed || health.isReady === true };
      const differs = (Object.keys(next) as (keyof Health)[]).some((name) => next[name] !== watched.health[name]);
      watched.health = next;
      if (differs) onChange(workloadUid);
    };
    watch({ clock, unit, signal: watched.end.signal }, change);
    return watched;
  };

  return {
    sync(workloadUid, units) {
      const before = workloads.get(workloadUid) ?? new Map<string, Watched>();
      const keys = new Set(units.map(({ key }) => key));
      for (const [key, watched] of before) if (!keys.has(key)) watched.end.abort();
      const now = new Map(units.map((unit) => [unit.key, before.get(unit.key) ?? begin(workloadUid, unit)]));
      if (now.size > 0) workloads.set(workloadUid, now);
      else workloads.delete(workloadUid);
    },
    healthOf(key) {
      for (const units of workloads.values()) {
        const watched = units.get(key);
        if (watched) return watched.health;
      }
      return unknown;
    },
    close() {
      for (const units of workloads.values()) for (const { end } of units.values()) end.abort();
      workloads.clear();
    },
  };
}

interface Watching {
  readonly clock: Clock;
  readonly unit: ProbedUnit;
  readonly signal: AbortSignal;
}

function watch(watching: Watching, change: (health: Partial<Health>) => void): void {
  const { startupProbe, livenessProbe, readinessProbe } = watching.unit.container;
  const ask = (kind: Kind, probe: Probe | undefined, onVerdict: (verdict: boolean) => boolean): void => {
    if (probe) repeat({ ...watching, probe, kind, onVerdict });
  };
  const afterStart = (): void => {
    ask('livenessProbe', livenessProbe, (isWell) => {
      if (!isWell) change({ isUnhealthy: true });
      return isWell;
    });
    ask('readinessProbe', readinessProbe, (isReady) => {
      change({ isReady });
      return true;
    });
  };
  if (startupProbe === undefined || watching.unit.wasReady) return afterStart();
  ask('startupProbe', startupProbe, (hasStarted) => {
    if (!hasStarted) change({ isUnhealthy: true });
    else {
      change({ isStarted: true, isReady: readinessProbe === undefined });
      afterStart();
    }
    return false;
  });
}

interface Repeating extends Watching {
  readonly probe: Probe;
  readonly kind: Kind;
  /** Whether to go on. */
  readonly onVerdict: (verdict: boolean) => boolean;
}

function repeat({ clock, unit, probe, kind, onVerdict, signal }: Repeating): void {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  // Kubernetes allows only 1 where a failure ends the unit.
  const successThreshold = kind === 'readinessProbe' ? (probe.successThreshold ?? 1) : 1;
  let tally: Tally = noTally;
  let timer: Timer | undefined;
  signal.addEventListener('abort', () => timer?.cancel(), { once: true });

  const once = async (): Promise<void> => {
    const limit = new AbortController();
    const late = clock.after(timeoutSeconds * 1000, () => limit.abort());
    const succeeded = await unit.ask(probe, AbortSignal.any([limit.signal, signal]));
    late.cancel();
    if (signal.aborted) return;
    const before = tally.verdict;
    tally = tallyAfter(tally, succeeded, { successThreshold, failureThreshold });
    const goesOn = tally.verdict === undefined || tally.verdict === before || onVerdict(tally.verdict);
    if (goesOn && !signal.aborted) timer = clock.after(periodSeconds * 1000, () => void once());
  };

  const firstInMs = Math.max(0, unit.startedAtMs + initialDelaySeconds * 1000 - clock.now());
  timer = clock.after(Math.min(firstInMs, initialDelaySeconds * 1000), () => void once());
}
