/**
 * Who belongs to a unit: whoever is in its control group, which nobody leaves; without one its session, what that has started, and whoever carries its mark.
 */
import type { ControlGroup } from '../../../core/processes/control-group.ts';
import { findMarked, findMembers } from '../../../core/processes/process-table.ts';
import { readdirSync } from 'node:fs';
import { type ProcessIdentity, type ProcessReading, readProcess } from '../kernel/process-usage.ts';

/** All that live, found thoroughly: reads every process of the machine where there is no group. */
export async function findUnitMembers(
  group: ControlGroup | undefined,
  program: ProcessIdentity | undefined,
  mark: string,
): Promise<readonly number[]> {
  if (group !== undefined) return (await group.members()).filter(isAlive);
  // A number that was given out again is a stranger's, and so is the session that bears it; while somebody of a session lives, its number is not given out.
  const isStrangers = program === undefined || (readProcess(program.pid)?.startTicks ?? program.startTicks) !== program.startTicks;
  return (await (isStrangers ? findMarked(mark) : findMembers({ leaderPid: program.pid, mark }))).filter(isAlive);
}

function isAlive(pid: number): boolean {
  const reading = readProcess(pid);
  return reading !== undefined && !reading.isDead;
}

/** The processes of this machine at one moment, for many units at once. */
export class ProcessTable {
  readonly #bySession = new Map<number, ProcessReading[]>();
  readonly #byParent = new Map<number, ProcessReading[]>();

  constructor(readings: readonly ProcessReading[]) {
    for (const reading of readings) {
      if (reading.isDead) continue;
      append(this.#bySession, reading.session, reading);
      append(this.#byParent, reading.parentPid, reading);
    }
  }

  /** Its session and what that has started; who has left both is not found here. */
  membersOf(leaderPid: number): readonly ProcessReading[] {
    const members = new Map((this.#bySession.get(leaderPid) ?? []).map((reading) => [reading.pid, reading]));
    // A Map that grows while it is walked is walked to its new end.
    for (const { pid } of members.values()) for (const child of this.#byParent.get(pid) ?? []) members.set(child.pid, child);
    return [...members.values()];
  }
}

/** Some ten microseconds for each process of the machine, in portions. */
export async function readProcessTable(): Promise<ProcessTable> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const readings: ProcessReading[] = [];
  for (const [index, pid] of pids.entries()) {
    const reading = readProcess(pid);
    if (reading !== undefined) readings.push(reading);
    if (index % 200 === 199) await new Promise((resolve) => setImmediate(resolve));
  }
  return new ProcessTable(readings);
}

function append(map: Map<number, ProcessReading[]>, key: number, reading: ProcessReading): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [reading]);
  else there.push(reading);
}
