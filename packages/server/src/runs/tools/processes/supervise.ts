/**
 * Starts a program in a session of its own, within bounds, and ends it with everything that it has started: also what has left its group, and what it has
 * left running behind itself.
 *
 * Bounds and ends are the kernel's where a control group may be made, else what rlimits and looking at `/proc` can do; without `/proc` only
 * the group is reached. It knows nothing of tools.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type Clock, sleep } from '../../../core/clock.ts';
import { type ControlGroup, createControlGroup } from '../../../core/processes/control-group.ts';
import { markName, ownerDigest } from '../../../core/processes/mark.ts';
import { findMembers, residentBytesOf } from '../../../core/processes/process-table.ts';

export interface ProcessBounds {
  /** Living at once. @default 128 */
  readonly processes?: number;
  /** Of all together. @default 2 GiB */
  readonly memoryBytes?: number;
  /** Of one file that is written. @default 1 GiB */
  readonly fileBytes?: number;
  /** From SIGTERM to SIGKILL. @default 2000 */
  readonly graceMs?: number;
  /** How often it is looked at how many and how large they are. @default 100 */
  readonly lookMs?: number;
}

export const processBoundsDefaults = {
  processes: 128,
  memoryBytes: 2 * 1024 ** 3,
  fileBytes: 1024 ** 3,
  graceMs: 2000,
  lookMs: 100,
} as const;

export interface ProgramOptions {
  readonly program: readonly [string, ...string[]];
  readonly directory: string;
  /** All of its environment but the mark. */
  readonly variables: Readonly<Record<string, string>>;
  readonly takesInput: boolean;
  readonly clock: Clock;
  readonly bounds?: ProcessBounds;
  /** Whose program it is, such as a state directory; see `left-behind.ts`. @default nobody's */
  readonly owner?: string | undefined;
  /** @default true; without, only rlimits and `/proc` are used */
  readonly usesControlGroup?: boolean;
}

export type EndReason = 'exit' | 'stopped' | 'processes' | 'memory';

export interface ProgramEnd {
  readonly reason: EndReason;
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Nothing of it runs any more, as far as can be seen. */
  readonly isClean: boolean;
}

export interface Program {
  readonly pid: number;
  readonly input: Writable | null;
  readonly output: Readable;
  readonly errors: Readable;
  /** After everybody has ended. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** SIGTERM, the grace, SIGKILL, to all. Safe to call again. */
  stop(): Promise<ProgramEnd>;
}

const pipeMs = 1000;
const reservedBytes = 2 * 1024 ** 3;
/** Rounds of ending those who are found; each finds who was started during the one before. */
const killRounds = 50;

/** @throws Error if it cannot be started */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const bounds = { ...processBoundsDefaults, ...options.bounds };
  const name = `${ownerDigest(options.owner)}-${randomBytes(9).toString('hex')}`;
  const group =
    options.usesControlGroup === false
      ? undefined
      : await createControlGroup({ name, processLimit: bounds.processes, memoryLimitBytes: bounds.memoryBytes, clock: options.clock });
  const child = spawn('/bin/sh', ['-c', entryScript(group, bounds), 'sh', ...options.program], {
    cwd: options.directory,
    env: { ...options.variables, [markName]: name },
    stdio: [options.takesInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // A session and a group of its own.
    detached: true,
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  try {
    await once(child, 'spawn');
  } catch (thrown) {
    await group?.remove();
    throw thrown;
  }
  return new Supervised({ child, group, bounds, mark: `${markName}=${name}`, clock: options.clock });
}

/** Joins the group and takes the bounds before the program itself begins. A process that cannot join does not begin. */
function entryScript(group: ControlGroup | undefined, bounds: Required<ProcessBounds>): string {
  const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const joins = (group?.memberFiles ?? []).map((file) => `echo $$ >${quote(file)} || exit 126`);
  // Only against what is taken between two looks: many programs reserve much that they never use, Node among them.
  const limits = [`-d ${Math.ceil((bounds.memoryBytes + reservedBytes) / 1024)}`, `-f ${Math.ceil(bounds.fileBytes / 512)}`, '-c 0'];
  // Where this process itself may have less, less it is, and the program need not hear of it.
  return [...joins, ...limits.map((limit) => `ulimit ${limit} 2>/dev/null`), 'exec "$@"'].join('\n');
}

interface Supervision {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly group: ControlGroup | undefined;
  readonly bounds: Required<ProcessBounds>;
  readonly mark: string;
  readonly clock: Clock;
}

class Supervised implements Program {
  readonly pid: number;
  readonly input: Writable | null;
  readonly output: Readable;
  readonly errors: Readable;
  readonly ended: Promise<ProgramEnd>;
  readonly #of: Supervision;
  readonly #exited: Promise<unknown>;
  readonly #closed: Promise<unknown>;
  readonly #over = new AbortController();
  #reason: EndReason = 'exit';
  #ending: Promise<boolean> | undefined;

  constructor(of: Supervision) {
    const { child } = of;
    this.#of = of;
    this.pid = child.pid ?? 0;
    this.input = child.stdin;
    this.output = child.stdout;
    this.errors = child.stderr;
    // Whoever writes to a program that has ended is told by its end.
    child.stdin?.on('error', () => {});
    this.#exited = once(child, 'exit');
    this.#closed = once(child, 'close');
    this.ended = this.#follow();
    void this.#watch();
  }

  async stop(): Promise<ProgramEnd> {
    this.#end('stopped', this.#of.bounds.graceMs);
    return this.ended;
  }

  async #follow(): Promise<ProgramEnd> {
    const { child, bounds, group } = this.#of;
    await this.#exited;
    // What it has left running gets no more time than if it had been stopped, and mostly there is nothing.
    this.#end('exit', bounds.graceMs);
    const isClean = (await this.#ending) ?? true;
    this.#over.abort();
    // What is still in the pipes is read; somebody out of reach who holds them open is not waited for.
    await Promise.race([this.#closed, sleep(this.#of.clock, pipeMs, new AbortController().signal)]);
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    const isRemoved = (await group?.remove()) ?? true;
    return { reason: this.#reason, code: child.exitCode, signal: child.signalCode, isClean: isClean && isRemoved };
  }

  #end(reason: EndReason, graceMs: number): void {
    if (this.#ending !== undefined) return;
    this.#reason = reason;
    this.#ending = this.#endAll(graceMs);
  }

  /** @returns whether nobody is left */
  async #endAll(graceMs: number): Promise<boolean> {
    const { clock, group } = this.#of;
    const never = new AbortController().signal;
    const deadlineMs = clock.monotonicMs() + graceMs;
    // Whoever forks faster than a list is read is in the group, which is reached at one stroke.
    if (graceMs === 0) this.#signal('SIGKILL', []);
    let members = await this.#members();
    if (members.length === 0) return true;
    if (graceMs > 0) this.#signal('SIGTERM', members);
    while (members.length > 0 && clock.monotonicMs() < deadlineMs) {
      await sleep(clock, 20, never);
      members = await this.#members();
    }
    for (let round = 0; round < killRounds && members.length > 0; round += 1) {
      await group?.kill();
      this.#signal('SIGKILL', members);
      await sleep(clock, 10, never);
      members = await this.#members();
    }
    return members.length === 0;
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL', members: readonly number[]): void {
    for (const target of [-this.pid, ...members]) {
      try {
        process.kill(target, signal);
      } catch {
        // It has ended meanwhile, which is what was wanted.
      }
    }
  }

  async #members(): Promise<readonly number[]> {
    const { group, mark, child } = this.#of;
    const leader = child.exitCode === null && child.signalCode === null ? [this.pid] : [];
    // Nobody leaves a control group, so that there is no need to look elsewhere.
    if (group !== undefined) return [...new Set([...leader, ...(await group.members())])];
    // A table that cannot be read now says nothing of who is left.
    const found = await findMembers({ leaderPid: this.pid, mark }).catch(() => [this.pid]);
    return [...new Set([...leader, ...found])];
  }

  /** Ends it when it is too many or too much. */
  async #watch(): Promise<void> {
    const { clock, bounds, group } = this.#of;
    const { signal } = this.#over;
    try {
      for (;;) {
        await sleep(clock, bounds.lookMs, signal);
        // The mark is left out: reading every environment each time is too dear for what it finds.
        const members = await (group?.members() ?? findMembers({ leaderPid: this.pid, enough: bounds.processes + 1 }).catch(() => []));
        if (members.length > bounds.processes) this.#end('processes', 0);
        else if ((await residentBytesOf(members)) > bounds.memoryBytes) this.#end('memory', 0);
      }
    } catch (thrown) {
      // It is over, and so is the watching.
      if (!signal.aborted) throw thrown;
    }
  }
}
