/** What a recipe says: how a container falls into one cause, and when enough has been seen of it. The running of it is `record.ts`. */

export interface Recipe {
  readonly name: string;
  /** Names of the causes that are at work, the one that is to be mended first at the head. Empty: nothing is wrong. */
  readonly causes: readonly string[];
  readonly half: 'design' | 'report';
  readonly image: Image;
  /** Of `docker run`, before the image. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  /** Below `/app`, which is mounted where there are any. */
  readonly files?: Files;
  /** Of files that are not executable. */
  readonly modes?: Readonly<Record<string, number>>;
  /** Containers that are started before it, and are there all the time. */
  readonly beside?: readonly {
    readonly name: string;
    readonly image: Image;
    readonly options: readonly string[];
    readonly command: readonly string[];
  }[];
  /** What others do to it; without it the recorder waits for `lives` to end. */
  readonly during?: (stage: Stage) => Promise<void>;
  /** How many lives are to end before the recording; 0 where it never ends by itself. */
  readonly lives?: number;
  readonly note?: string;
}

/** Content by path; a function makes the file itself. */
export type Files = Readonly<Record<string, string | ((file: string) => void)>>;

export type Image = 'busybox' | 'node' | 'old-node' | 'other-architecture';

/** The container as the recipe may handle it. */
export interface Stage {
  readonly name: string;
  docker(...args: readonly string[]): string;
  /** The container as `GET /containers/ID/json` has it. */
  inspect(): Promise<Inspected>;
  /** Polls until the condition holds. @throws Error after a minute and a half */
  until(condition: (container: Inspected) => boolean): Promise<void>;
  untilLogged(text: string): Promise<void>;
  /** The pace of something that acts at intervals. */
  pause(ms: number): Promise<void>;
}

export interface Inspected {
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Health?: { readonly Status: string; readonly FailingStreak: number };
  };
}

export interface NodeRecipe {
  readonly causes: readonly string[];
  readonly half?: 'design' | 'report';
  readonly program: string;
  readonly options?: readonly string[];
  readonly arguments?: readonly string[];
  readonly files?: Files;
  readonly lives?: number;
  readonly image?: Image;
  readonly beside?: NonNullable<Recipe['beside']>;
  readonly during?: NonNullable<Recipe['during']>;
  readonly note?: string;
}

/** A program for Node at `/app/server.mjs`, started again and again. */
export function node(name: string, recipe: NodeRecipe): Recipe {
  const { program, arguments: flags = [], files = {}, options = [], half = 'design', image = 'node', ...rest } = recipe;
  return {
    ...rest,
    ...{ name, half, image },
    options: ['--restart', 'always', '--workdir', '/app', ...options],
    command: ['node', ...flags, 'server.mjs'],
    files: { 'server.mjs': program, ...files },
  };
}

export interface ShellRecipe {
  readonly causes: readonly string[];
  readonly half?: 'design' | 'report';
  readonly script: string;
  readonly options?: readonly string[];
  readonly files?: Files;
  readonly lives?: number;
  readonly beside?: NonNullable<Recipe['beside']>;
  readonly during?: NonNullable<Recipe['during']>;
  readonly note?: string;
}

/** A script for the shell of busybox as process 1, started again and again. */
export function shell(name: string, { script, options = [], half = 'design', ...rest }: ShellRecipe): Recipe {
  return { ...rest, ...{ name, half, image: 'busybox' }, options: ['--restart', 'always', ...options], command: ['sh', '-c', script] };
}

export type PythonRecipe = Omit<NodeRecipe, 'arguments' | 'image'>;

/** A program for the Python of this machine at `/app/main.py`, started again and again. `PYTHON` is filled in by the recorder. */
export function python(name: string, { program, files = {}, options = [], half = 'design', ...rest }: PythonRecipe): Recipe {
  const libraries = ['PYTHON:PYTHON:ro', '/lib:/lib:ro', '/usr/lib:/usr/lib:ro', '/lib64:/lib64:ro'].flatMap((mount) => [
    '--volume',
    mount,
  ]);
  return {
    ...rest,
    ...{ name, half, image: 'busybox' },
    options: ['--restart', 'always', ...libraries, ...options],
    command: ['PYTHON/bin/python3', '/app/main.py'],
    files: { 'main.py': program, ...files },
  };
}
