/**
 * The directory of one unit: what was asked for, who runs it, how it ended, and its output. It is all that is known of a unit when a gateway comes back.
 *
 * It appears complete or not at all, and an id has one directory, so that no unit is started twice. Beside what is named here lie `enter`, `probe` and
 * `environment` (see `shim.ts`), the segments of the output (see `spool.ts`), and `work` and `scratch` for the program itself.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, parseObject } from '../../../core/json.ts';
import type { GroupDirectories } from '../../../core/processes/control-group.ts';
import type { UnitEnd, UnitId, UnitPlan, UnitState } from '../driver.ts';
import { parseProcessStat } from '../../../core/processes/process-stat.ts';
import type { ProcessIdentity } from '../kernel/process-usage.ts';

/** What is kept of a plan: nothing secret. */
export interface UnitNote {
  readonly version: 1;
  readonly state: Omit<UnitState, 'ended'>;
  readonly memoryLimitBytes?: number;
  readonly workingDirectory: string;
  readonly hasMounts: boolean;
  readonly reportsHeap: boolean;
  readonly groups: GroupDirectories;
  /** What every process of it carries in its environment: `OPENCLAW_PROGRAM=…`. */
  readonly mark: string;
  /** Of the machine's run since it was started: numbers of processes mean nothing in another. */
  readonly bootId: string;
}

export interface NewUnit {
  readonly note: UnitNote;
  /** Name and text; each is written for its owner alone. */
  readonly files: Readonly<Record<string, string>>;
  readonly directories: readonly string[];
}

/** Flags for what somebody did to it, and what follows for its end. */
export type UnitMark = 'stopped' | 'out-of-memory' | 'survived';

/** No other id has this name, and it is a name that every file system takes. */
export function unitName({ instance, container, attempt }: UnitId): string {
  return [encodeURIComponent(instance), encodeURIComponent(container), attempt].join(',');
}

export class UnitFiles {
  readonly directory: string;

  constructor(root: string, id: UnitId | string) {
    this.directory = join(root, typeof id === 'string' ? id : unitName(id));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** @returns false if there is one already */
  async create(root: string, { note, files, directories }: NewUnit): Promise<boolean> {
    const draft = join(root, `.new-${randomBytes(8).toString('hex')}`);
    await mkdir(draft, { recursive: true, mode: 0o700 });
    try {
      for (const name of directories) await mkdir(join(draft, name), { recursive: true, mode: 0o700 });
      for (const [name, text] of Object.entries({ ...files, 'plan.json': JSON.stringify(note) }))
        await writeFile(join(draft, name), text, { mode: 0o600, flag: 'wx' });
      await rename(draft, this.directory);
      return true;
    } catch (thrown) {
      await rm(draft, { recursive: true, force: true });
      if (hasCode(thrown, 'ENOTEMPTY') || hasCode(thrown, 'EEXIST')) return false;
      throw thrown;
    }
  }

  /** Undefined where there is none, or none that this version can read. */
  async readNote(): Promise<UnitNote | undefined> {
    const value = parseObject(await this.#read('plan.json'));
    // It was written whole by this program, for nobody else may write there.
    return value?.['version'] === 1 && isJsonObject(value['state']) ? (value as unknown as UnitNote) : undefined;
  }

  async readIdentity(name: 'shim' | 'program'): Promise<ProcessIdentity | undefined> {
    const reading = parseProcessStat(await this.#read(name));
    return reading === undefined ? undefined : { pid: reading.pid, startTicks: reading.startTicks };
  }

  /** Takes the place of a shim that has not begun. @returns false if one has */
  async claim(): Promise<boolean> {
    try {
      await (await open(this.path('shim'), 'wx', 0o600)).close();
      return true;
    } catch (thrown) {
      if (hasCode(thrown, 'EEXIST')) return false;
      throw thrown;
    }
  }

  /** The exit code and when it was noted; undefined until then. */
  async readExit(): Promise<{ readonly code: number; readonly atMs: number } | undefined> {
    const text = await this.#read('exit');
    if (!/^ *\d+\n$/.test(text)) return undefined;
    return { code: Number(text), atMs: Math.round((await stat(this.path('exit'))).mtimeMs) };
  }

  async isDrained(): Promise<boolean> {
    return (await this.readMark('drained')) !== undefined;
  }

  async readEnd(): Promise<UnitEnd | undefined> {
    return parseObject(await this.#read('ended.json')) as unknown as UnitEnd | undefined;
  }

  async writeEnd(end: UnitEnd): Promise<void> {
    await this.#replace('ended.json', JSON.stringify(end));
  }

  /** For whoever comes next; on a full disk nobody comes to know. */
  async mark(name: UnitMark, text = ''): Promise<void> {
    await this.#replace(name, text).catch(() => {});
  }

  async readMark(name: UnitMark | 'drained'): Promise<string | undefined> {
    return readFile(this.path(name), 'utf8').catch(() => undefined);
  }

  async remove(): Promise<void> {
    // Where the shell beside the program was killed, what writes the output may still be finishing.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }

  #read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8').catch(() => '');
  }

  async #replace(name: string, text: string): Promise<void> {
    await writeFile(this.path(`${name}.new`), text, { mode: 0o600 });
    await rename(this.path(`${name}.new`), this.path(name));
  }
}

/** Directories of units; drafts that were never finished are removed. */
export async function readUnits(root: string): Promise<readonly UnitFiles[]> {
  const names = await readdir(root).catch((thrown: unknown) => {
    if (hasCode(thrown, 'ENOENT')) return [];
    throw thrown;
  });
  for (const name of names.filter((each) => each.startsWith('.new-'))) await rm(join(root, name), { recursive: true, force: true });
  return names.filter((name) => !name.startsWith('.')).map((name) => new UnitFiles(root, name));
}

export function noteOf(
  plan: UnitPlan,
  rest: Omit<UnitNote, 'version' | 'state' | 'memoryLimitBytes' | 'hasMounts' | 'reportsHeap'> & Pick<UnitState, 'startedAtMs' | 'limits'>,
): UnitNote {
  const { startedAtMs, limits, ...note } = rest;
  const { id, workload, revision, ports, memoryLimitBytes, mounts } = plan;
  return {
    version: 1,
    state: { id, workload, revision, ports, startedAtMs, limits },
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
    hasMounts: mounts.length > 0,
    reportsHeap: plan.reportsHeap === true,
    ...note,
  };
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
