/**
 * Makes the memory of a program that never ran: from a plan (what lives, what load, what limit) and a seed to the samples that would have been taken.
 *
 * The same plan and seed give the same trace. Which plans there are is said in `leaks.ts` and `clean.ts`; it judges nothing.
 */
import type { MemoryMark, MemorySample, MemoryTrace } from '@openclaw/protocol';

export const mebibyte = 2 ** 20;
export const hourMs = 3_600_000;
/** Any time will do; that it is the same each time matters. */
export const epochMs = Date.UTC(2026, 0, 5);

export type Random = () => number;

export interface Moment {
  /** Since the trace began. */
  readonly hours: number;
  /** Since the process began. */
  readonly ageHours: number;
  readonly stepHours: number;
  readonly ratePerSecond: number;
  readonly requests: number;
}

/** What lives beyond the base. */
export interface Life {
  readonly heapBytes?: number;
  readonly nativeBytes?: number;
  /** Of the native bytes, what the heap holds on to. */
  readonly externalBytes?: number;
  readonly fileBytes?: number;
  readonly threads?: number;
  readonly sockets?: number;
}

export interface Plan {
  readonly baseBytes: number;
  readonly limitBytes: number;
  /** Garbage up to so many bytes beyond what lives, collected after about so many hours. */
  readonly garbage?: { readonly bytes: number; readonly hours: number };
  /** Whether the program says what its heap holds after a full collection. */
  readonly tellsHeap: boolean;
  /** Where the work is counted. */
  readonly ratePerSecond?: (hours: number) => number;
  readonly deploymentsAtHours?: readonly number[];
  readonly restartsAtHours?: readonly number[];
  /** The trace begins with the process, and the process with a warm-up. */
  readonly young: boolean;
  /** Noise of the kernel's figures: standard deviation as a share of the base, and how long it stays. */
  readonly noise: { readonly share: number; readonly hours: number };
  /** Called for each new process: what lives in it, from then on. */
  readonly start: (random: Random) => (moment: Moment) => Life;
}

export interface Simulation {
  readonly trace: MemoryTrace;
  readonly oomAtHours: readonly number[];
}

export interface SimulateOptions {
  readonly name: string;
  readonly hours: number;
  readonly intervalMs: number;
  /** Ends it there, however many hours are left. @default false */
  readonly endsAtOom?: boolean;
}

export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random();
}

/** As often between 1 and 10 as between 10 and 100. */
export function betweenMagnitudes(random: Random, from: number, to: number): number {
  return from * (to / from) ** random();
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Noise that stays for a while and comes back to zero; standard deviation 1. */
export function createWander(random: Random, hours: number): (stepHours: number) => number {
  let level = normal(random);
  return (stepHours) => {
    const kept = Math.exp(-stepHours / hours);
    level = kept * level + Math.sqrt(1 - kept * kept) * normal(random);
    return level;
  };
}

export function simulate(plan: Plan, random: Random, options: SimulateOptions): Simulation {
  const { intervalMs } = options;
  const stepHours = intervalMs / hourMs;
  const samples: MemorySample[] = [];
  const marks: MemoryMark[] = [];
  const oomAtHours: number[] = [];
  const endings = [
    ...(plan.deploymentsAtHours ?? []).map((endsAt) => ({ endsAt, kind: 'deployment' as const })),
    ...(plan.restartsAtHours ?? []).map((endsAt) => ({ endsAt, kind: 'restart' as const })),
  ];
  const loadNoise = createWander(random, 0.1);
  let body = createBody(plan, random, plan.young ? 0 : 48);
  let restarts = 0;
  const count = Math.floor(options.hours / stepHours);
  for (let index = 0; index <= count; index += 1) {
    const hours = index * stepHours;
    const at = epochMs + Math.round(hours * hourMs);
    const ratePerSecond = plan.ratePerSecond === undefined ? 0 : Math.max(0, plan.ratePerSecond(hours) * (1 + 0.05 * loadNoise(stepHours)));
    const figures = body.step({ hours, stepHours, ratePerSecond });
    const isOom = figures.anonymousBytes > plan.limitBytes;
    samples.push({ at, ...figures, restarts });
    if (isOom) oomAtHours.push(hours);
    if (isOom && options.endsAtOom) break;
    const ending = hours >= (endings[0]?.endsAt ?? Infinity) ? endings.shift() : undefined;
    if (isOom || ending) {
      marks.push({ at, kind: isOom ? 'oom' : (ending?.kind ?? 'restart') });
      restarts += 1;
      body = createBody(plan, random, 0);
    }
  }
  const trace: MemoryTrace = {
    version: 1,
    workload: options.name,
    namespace: 'bench',
    instance: `${options.name}-0`,
    driver: 'process',
    ...(plan.tellsHeap ? { runtime: 'node' } : {}),
    limitBytes: Math.round(plan.limitBytes),
    intervalMs,
    ...(plan.young ? { startedAt: epochMs } : {}),
    samples,
    marks,
  };
  return { trace, oomAtHours };
}

type Figures = Omit<MemorySample, 'at' | 'restarts'>;
type Step = Pick<Moment, 'hours' | 'stepHours' | 'ratePerSecond'>;

/** One process: what lives, its garbage, and the noise around both. */
function createBody(plan: Plan, random: Random, bornBeforeHours: number): { step(step: Step): Figures } {
  const live = plan.start(random);
  const wander = createWander(random, plan.noise.hours);
  const warmUpHours = between(random, 0.05, 0.3);
  const warmUpBytes = plan.baseBytes * between(random, 0.05, 0.25);
  // A process that has run for long is somewhere in a cycle of collections.
  let garbage = bornBeforeHours > 0 ? random() * (plan.garbage?.bytes ?? 0) : 0;
  let collectAt = (plan.garbage?.bytes ?? 0) * between(random, 0.8, 1.2);
  let heapAfterGcBytes: number | undefined;
  let requests = 0;
  let ageHours = 0;
  return {
    step({ hours, stepHours, ratePerSecond }) {
      ageHours += stepHours;
      const done = ratePerSecond * stepHours * 3600;
      requests += done;
      const life = live({ hours, ageHours, stepHours, ratePerSecond, requests: done });
      const warm = plan.young || bornBeforeHours === 0 ? warmUpBytes * (1 - Math.exp(-ageHours / warmUpHours)) - warmUpBytes : 0;
      if (plan.garbage) garbage += ((plan.garbage.bytes * stepHours) / plan.garbage.hours) * between(random, 0.6, 1.4);
      if (plan.garbage && garbage >= collectAt) {
        garbage = plan.garbage.bytes * between(random, 0, 0.05);
        collectAt = plan.garbage.bytes * between(random, 0.8, 1.2);
        heapAfterGcBytes = Math.round((0.4 * plan.baseBytes + warm + (life.heapBytes ?? 0)) * (1 + 0.004 * normal(random)));
      }
      const noise = plan.baseBytes * plan.noise.share * wander(stepHours);
      const anonymousBytes = Math.max(
        mebibyte,
        Math.round(0.9 * plan.baseBytes + warm + noise + garbage + (life.heapBytes ?? 0) + (life.nativeBytes ?? 0)),
      );
      // The kernel gives caches up before it runs out.
      const room = Math.max(0, plan.limitBytes - anonymousBytes);
      const fileBytes = Math.round(Math.min(room, 0.1 * plan.baseBytes + (life.fileBytes ?? 0)));
      return {
        usageBytes: anonymousBytes + fileBytes,
        workingSetBytes: Math.round(anonymousBytes + fileBytes - Math.min(fileBytes, 0.7 * (life.fileBytes ?? 0))),
        rssBytes: Math.round(anonymousBytes + Math.min(fileBytes, 0.1 * plan.baseBytes)),
        anonymousBytes,
        fileBytes,
        swapBytes: 0,
        ...(plan.tellsHeap && heapAfterGcBytes !== undefined ? { heapAfterGcBytes } : {}),
        ...(plan.tellsHeap ? { externalBytes: Math.round(0.05 * plan.baseBytes + (life.externalBytes ?? 0)) } : {}),
        ...(plan.ratePerSecond === undefined ? {} : { requests: Math.round(requests) }),
        threads: Math.round(11 + (life.threads ?? 0)),
        fileDescriptors: Math.round(20 + (life.sockets ?? 0)),
        sockets: Math.round(5 + (life.sockets ?? 0)),
      };
    },
  };
}
