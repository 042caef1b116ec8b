/**
 * Who belongs to a unit: whoever is in its control group, which nobody leaves; without one its session, what that has started, and whoever carries its mark.
 */
import { readdirSync } from 'node:fs';
import type { ControlGroup } from '../../../core/processes/control-group.ts';
import { markName } from '../../../core/processes/mark.ts';
import { readKernelFile } from '../kernel/read-kernel-file.ts';
import { type ProcessIdentity, type ProcessReading, readProcess } from '../kernel/process-usage.ts';

export interface Membership {
  readonly group: ControlGroup | undefined;
  readonly program: ProcessIdentity | undefined;
  /** `NAME=value` in the environment. */
  readonly mark: string;
}

function isAlive(pid: number): boolean {
  const reading = readProcess(pid);
  return reading !== undefined && !reading.isDead;
}

/** The processes of this machine at one moment, for many units at once. */
export class ProcessTable {
  readonly #bySession = new Map<number | string, ProcessReading[]>();
  readonly #byParent = new Map<number | string, ProcessReading[]>();

  constructor(readings: readonly ProcessReading[]) {
    for (const reading of readings) {
      append(this.#bySession, reading.session, reading);
      append(this.#byParent, reading.parentPid, reading);
    }
  }

  /** The session that it leads, what it and they have started; who has left both is not found here. */
  membersOf(leaderPid: number): readonly ProcessReading[] {
    const first = [...(this.#bySession.get(leaderPid) ?? []), ...(this.#byParent.get(leaderPid) ?? [])];
    const members = new Map(first.map((reading) => [reading.pid, reading]));
    // A Map that grows while it is walked is walked to its new end.
    for (const { pid } of members.values()) for (const child of this.#byParent.get(pid) ?? []) members.set(child.pid, child);
    return [...members.values()];
  }
}

/**
 * Those of some processes that live, and what they have started since, as far as the kernel lists the children of a process: a few readings where the table takes one for each
 * process of the machine. Who has left its parent is found in the table alone.
 */
export function readMembers(known: readonly ProcessIdentity[]): readonly ProcessReading[] {
  const members = new Map<number, ProcessReading>();
  const add = (pid: number, startTicks?: number): void => {
    const reading = members.has(pid) ? undefined : readProcess(pid);
    // A number that was given out again is a stranger's.
    if (reading !== undefined && !reading.isDead && (startTicks ?? reading.startTicks) === reading.startTicks) members.set(pid, reading);
  };
  for (const { pid, startTicks } of known) add(pid, startTicks);
  // A Map that grows while it is walked is walked to its new end.
  for (const pid of members.keys()) for (const child of readChildren(pid)) add(child);
  return [...members.values()];
}

/** Of its first thread; empty where the kernel does not list them. */
function readChildren(pid: number): readonly number[] {
  return (readKernelFile(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

/** Some ten microseconds for each process of the machine, in portions. */
export async function readProcessTable(): Promise<ProcessTable> {
  return (await readMachine(false)).table;
}

interface Machine {
  readonly table: ProcessTable;
  /** Who carries each mark of a program in the environment, which is handed down even to those who leave session and group. */
  readonly marks: ReadonlyMap<number | string, readonly number[]>;
}

/** Finds who belongs to units, for all units of a driver. */
export class MemberSearch {
  #waiting: Promise<Machine> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  /** All that live, found thoroughly: reads every process of the machine where there is no group. */
  async find({ group, program, mark }: Membership): Promise<readonly number[]> {
    if (group !== undefined) return (await group.members()).filter(isAlive);
    const { table, marks } = await this.#scan();
    // A number that was given out again is a stranger's, and so is the session that bears it; while somebody of a session lives, its number is not given out.
    const isStrangers = program === undefined || (readProcess(program.pid)?.startTicks ?? program.startTicks) !== program.startTicks;
    const roots = [...(marks.get(mark) ?? []), ...(isStrangers ? [] : [program.pid])];
    return [...new Set(roots.flatMap((pid) => [pid, ...table.membersOf(pid).map((member) => member.pid)]))].filter(isAlive);
  }

  /** Many units that end at once share one look, which begins after each of them has asked. */
  #scan(): Promise<Machine> {
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      const scan = readMachine(true);
      // Whoever asked hears of its failure; the next look does not depend on it.
      this.#running = scan.catch(() => {});
      return scan;
    });
    return this.#waiting;
  }
}

async function readMachine(withMarks: boolean): Promise<Machine> {
  const readings: ProcessReading[] = [];
  const marks = new Map<number | string, number[]>();
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  for (const [index, pid] of pids.entries()) {
    const reading = readProcess(pid);
    if (reading !== undefined && !reading.isDead) {
      readings.push(reading);
      const mark = withMarks ? markOf(pid) : undefined;
      if (mark !== undefined) append(marks, mark, pid);
    }
    if (index % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  return { table: new ProcessTable(readings), marks };
}

function markOf(pid: number): string | undefined {
  return readKernelFile(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((variable) => variable.startsWith(`${markName}=`));
}

function append<Item>(map: Map<number | string, Item[]>, key: number | string, item: Item): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [item]);
  else there.push(item);
}
