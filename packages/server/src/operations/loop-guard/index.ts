/**
 * Counts starts that were refused, so that a supervisor which restarts whatever ends cannot make a loop of a refusal: Docker ignores
 * exit codes. After three within ten minutes the process is to stay up and say why, instead of ending again.
 *
 * It only counts. Who refuses, and what a process that stays up answers, is not decided here. It never throws: a guard that cannot
 * count must not hide the refusal that it was asked to count.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, constants, closeSync, fstatSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { findContainerEngine } from '../../core/container-engine.ts';
import { reasonOf } from '../../core/errors.ts';

export interface Refusal {
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** Of the error catalogue. */
  readonly code: string;
}

export type RefusalRecorded =
  | { readonly recorded: true; readonly file: string }
  /** `shouldHold`: whoever started it would start it again for ever. */
  | { readonly recorded: false; readonly reason: string; readonly shouldHold: boolean };

export interface LoopGuard {
  /** Refusals of the last ten minutes, the oldest first. */
  recent(): readonly Refusal[];
  /** Whether a refusal now is to keep the process up: three within ten minutes have ended it. */
  shouldHold(): boolean;
  /** Counts one that ends the process. Where it cannot be counted, the reason is for whoever prints the refusal. */
  record(code: string): RefusalRecorded;
  /** After a start that succeeded. */
  clear(): void;
}

export interface LoopGuardOptions {
  readonly stateDirectory: string;
  readonly clock: Clock;
  /**
   * Where it counts if the state directory cannot be written, which is itself a common refusal: a container keeps it from one start to
   * the next. @default the system's directory for temporary files
   */
  readonly spareDirectory?: string;
  /** Whether an engine such as Docker starts this again, whatever it ends with. @default by what such an engine mounts */
  readonly isContainer?: boolean;
}

export const loopGuardDefaults = { refusalsLimit: 3, windowMs: 10 * 60_000 } as const;

/** A few hundred refusals; older ones are dropped then. */
const fileLimitBytes = 16 * 1024;

export function createLoopGuard(options: LoopGuardOptions): LoopGuard {
  const { stateDirectory, clock, spareDirectory = tmpdir(), isContainer = isInContainer() } = options;
  const directory = resolve(stateDirectory);
  const spareFile = join(spareDirectory, spareName(directory));
  const files = [join(directory, 'refusals.jsonl'), spareFile];

  const recent = (): readonly Refusal[] => {
    const nowMs = clock.now();
    return files
      .flatMap(readRefusals)
      .filter(({ atMs }) => Math.abs(nowMs - atMs) <= loopGuardDefaults.windowMs)
      .toSorted((one, other) => one.atMs - other.atMs);
  };

  return {
    recent,
    shouldHold: () => recent().length >= loopGuardDefaults.refusalsLimit,
    record(code) {
      const reasons: string[] = [];
      for (const file of files) {
        try {
          if (file === spareFile && isContainer && isInMemory(spareDirectory))
            throw new Error(`${spareDirectory} is empty again at the next start`);
          append(file, { atMs: clock.now(), code });
          return { recorded: true, file };
        } catch (thrown) {
          reasons.push(reasonOf(thrown));
        }
      }
      return { recorded: false, reason: reasons.join('; '), shouldHold: isContainer };
    },
    clear() {
      for (const file of files) {
        try {
          rmSync(file, { force: true });
        } catch {
          // What cannot be removed is ten minutes later too old to count.
        }
      }
    },
  };
}

/** Of tmpfs and ramfs, from <linux/magic.h>. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** A tmpfs of a container is made anew at each of its starts; that of a pod, or of a machine, is not. */
function isInMemory(directory: string): boolean {
  return inMemory.has(statfsSync(directory).type >>> 0);
}

/** What starts a pod again waits longer each time, and shows the refusal: there it may end. */
function isInContainer(): boolean {
  const kind = findContainerEngine()?.kind;
  return kind === 'docker' || kind === 'podman';
}

/** Of this state directory and this user: others may count in the same directory. */
function spareName(directory: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  return `openclaw-refusals-${process.getuid?.() ?? 'user'}-${hash}.jsonl`;
}

/** One line each, appended: processes that refuse at the same moment do not overwrite each other. */
function append(file: string, refusal: Refusal): void {
  const descriptor = openSync(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
  try {
    const { uid, size } = fstatSync(descriptor);
    // In a directory for everybody's temporary files the name may be somebody else's doing.
    if (process.getuid !== undefined && uid !== process.getuid() && process.getuid() !== 0) throw new Error(`${file} is somebody else's`);
    if (size > fileLimitBytes) writeFileSync(file, '');
    appendFileSync(descriptor, `${JSON.stringify(refusal)}\n`);
  } finally {
    closeSync(descriptor);
  }
}

function readRefusals(file: string): Refusal[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => parseRefusal(line) ?? []);
  } catch {
    // Absent, most of the time; and one that cannot be read holds nobody up.
    return [];
  }
}

/** A line that a crash cut short is no refusal. */
function parseRefusal(line: string): Refusal | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('atMs' in value) || !('code' in value)) return undefined;
    const { atMs, code } = value;
    return typeof atMs === 'number' && typeof code === 'string' ? { atMs, code } : undefined;
  } catch {
    return undefined;
  }
}
