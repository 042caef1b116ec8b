/**
 * Memory events of workloads, in their published form: pressure before the limit, running out of memory, being killed for it. It hears of readings and of
 * ends, and tells them with the work that was under way.
 *
 * It ends nothing itself: see `../controllers/soft-limit.ts` and the reconciler.
 */
import type { Clock } from '../../core/clock.ts';
import type { UnitEnd, UnitId, UnitSample, UnitState } from '../drivers/driver.ts';
import { heapExhaustionOf } from '../drivers/heap-limit.ts';
import {
  account,
  activeRunsText,
  heapLimitLines,
  killLines,
  outOfMemoryLines,
  pressureLines,
  resourceLimitLines,
  stallLines,
  type MemoryEventName,
  type MemoryOccurrence,
  type Told,
} from './forms.ts';
import { noPressure, pressureAfter, type Pressure } from './pressure.ts';
import type { EventSubject, LinePlace, Recorder } from './recorder.ts';

export interface ActiveRun {
  readonly runId: string;
  readonly tool?: string;
}

/** Runs that use a workload at this moment, as far as anybody knows. */
export type ActiveRuns = (workload: EventSubject) => readonly ActiveRun[];

export interface LastReading {
  readonly usedBytes: number | undefined;
  readonly limitBytes: number | undefined;
}

export interface MemoryEventsOptions {
  readonly recorder: Recorder;
  readonly activeRuns: ActiveRuns;
  readonly mark: (
    workloadUid: string,
    instance: string,
    mark: { readonly at: number; readonly kind: 'oom' | 'pressure'; readonly text: string },
  ) => void;
  readonly clock: Clock;
  /** What was last known of a unit that has ended. */
  readonly readingOf: (state: UnitState) => LastReading;
}

export interface MemoryEvents {
  /** @returns whether pressure has just begun */
  sampled(state: UnitState, sample: UnitSample): boolean;
  /** Whether its latest readings are near its limit. */
  isUnderPressure(id: UnitId): boolean;
  outOfMemory(state: UnitState, reading: { readonly usedBytes: number; readonly limitBytes: number; readonly atMs: number }): void;
  terminating(state: UnitState, graceMs: number): void;
  /** @param forMemory it was ended for its memory, whoever sent the signal */
  ended(state: UnitState, forMemory: boolean): void;
}

/** Kept of units whose pressure is not over; those of units that are gone are dropped with them. */
const unitLimit = 5000;

export function createMemoryEvents(options: MemoryEventsOptions): MemoryEvents {
  const { recorder, clock, mark } = options;
  const pressures = new Map<string, Pressure>();
  /** Units of which it was told that they ran out of memory, so that their end does not say it twice; and when, so that it does not come before. */
  const told = new Map<string, number>();

  const tell = createTell(options);

  const tellOutOfMemory = (state: UnitState, occurrence: MemoryOccurrence, atMs: number): void => {
    told.set(keyOf(state.id), atMs);
    tell(state, { name: 'clw-memory-oom', told: outOfMemoryLines(occurrence), atMs });
    recorder.account(state.workload, placeOf(state, atMs), account.detected('clw-memory-oom', occurrence));
    tell(state, { name: 'clw-resource-limit', told: resourceLimitLines(occurrence), atMs });
    mark(state.workload.uid, state.id.instance, { at: atMs, kind: 'oom', text: outOfMemoryLines(occurrence).message });
  };

  return {
    sampled(state, sample) {
      if (sample.limitBytes === undefined || sample.limitBytes <= 0) return false;
      const key = keyOf(state.id);
      const reading = { workingSetBytes: sample.workingSetBytes, limitBytes: sample.limitBytes, waitingPercent: sample.psi?.some };
      const { now, began } = pressureAfter(pressures.get(key) ?? noPressure, reading);
      if (now.isHigh) pressures.set(key, now);
      else pressures.delete(key);
      if (pressures.size > unitLimit) pressures.delete(pressures.keys().next().value!);
      if (began === undefined) return false;
      const occurrence = occurrenceOf(state, { usedBytes: reading.workingSetBytes, limitBytes: reading.limitBytes });
      const said = began === 'usage' ? pressureLines(occurrence) : stallLines(occurrence, reading.waitingPercent ?? 0);
      tell(state, { name: 'clw-memory-pressure', told: said, atMs: sample.at });
      mark(state.workload.uid, state.id.instance, { at: sample.at, kind: 'pressure', text: said.message });
      return true;
    },
    isUnderPressure: (id) => pressures.get(keyOf(id))?.isHigh === true,
    outOfMemory(state, { usedBytes, limitBytes, atMs }) {
      if (!told.has(keyOf(state.id))) tellOutOfMemory(state, occurrenceOf(state, { usedBytes, limitBytes }), atMs);
    },
    terminating(state, graceMs) {
      const atMs = clock.now();
      const key = keyOf(state.id);
      if (told.has(key)) told.set(key, Math.max(atMs, told.get(key)!));
      recorder.account(state.workload, placeOf(state, atMs), [account.termination(graceMs)]);
    },
    ended(state, forMemory) {
      const { ended } = state;
      const key = keyOf(state.id);
      pressures.delete(key);
      const toldAtMs = told.get(key);
      told.delete(key);
      if (ended === undefined) return;
      if (!ended.outOfMemory && !forMemory) {
        const full = heapLimitOf(state, ended, options.readingOf);
        if (full) tell(state, { name: 'clw-heap-limit', told: full, atMs: ended.atMs });
        return;
      }
      // The event of the kernel was missed, while nobody watched: its end is all that is known.
      if (ended.outOfMemory && toldAtMs === undefined)
        tellOutOfMemory(state, occurrenceOf(state, atItsLimit(options.readingOf(state))), ended.atMs);
      const { exitCode, signal } = ended;
      // What ended it may have been noticed only after its end was noted.
      const atMs = Math.max(ended.atMs, toldAtMs ?? 0);
      recorder.account(state.workload, placeOf(state, atMs), [account.terminated(signal, exitCode)]);
      const kill = { container: state.id.container, reason: 'OOMKilled', exitCode, ...(signal === undefined ? {} : { signal }) };
      tell(state, { name: 'clw-container-kill', told: killLines(kill), atMs });
    },
  };
}

interface Event {
  readonly name: MemoryEventName;
  readonly told: Told;
  readonly atMs: number;
}

/** Of each event the lines, the object, and the work that was under way. */
function createTell({ recorder, activeRuns }: Pick<MemoryEventsOptions, 'recorder' | 'activeRuns'>) {
  return (state: UnitState, { name, told, atMs }: Event): void => {
    const runs = activeRunsText(activeRuns(state.workload));
    const message = runs === undefined ? told.message : `${told.message}. ${runs}`;
    const place = placeOf(state, atMs);
    recorder.lines(state.workload, place, told.lines);
    if (runs !== undefined) recorder.lines(state.workload, place, [{ level: 'INFO', text: `[INFO] ${runs}` }]);
    recorder.happened(state.workload, { reason: name, message, type: 'Warning', of: `${state.id.instance}/${state.id.container}` });
  };
}

function keyOf({ instance, container, attempt }: UnitId): string {
  return `${instance}/${container}/${attempt}`;
}

function placeOf({ id }: UnitState, atMs: number): LinePlace {
  return { instance: id.instance, container: id.container, atMs };
}

/** Undefined where it ended for another reason. */
function heapLimitOf(state: UnitState, ended: UnitEnd, readingOf: MemoryEventsOptions['readingOf']): Told | undefined {
  const heap = heapExhaustionOf(ended);
  return (
    heap && heapLimitLines({ workload: state.workload.name, container: state.id.container, heapBytes: heap.heapBytes, ...readingOf(state) })
  );
}

/** The kernel ends what would exceed the limit: at that moment all of it was used. */
function atItsLimit({ usedBytes = 0, limitBytes = 0 }: LastReading): { readonly usedBytes: number; readonly limitBytes: number } {
  return { usedBytes: Math.max(usedBytes, limitBytes), limitBytes };
}

function occurrenceOf({ workload, id }: UnitState, bytes: Pick<MemoryOccurrence, 'usedBytes' | 'limitBytes'>): MemoryOccurrence {
  return { workload: workload.name, container: id.container, ...bytes };
}
