/** Where the state directory, the configuration and the `.env` files are. It reads none of them. */
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import type { Environment } from '../core/env.ts';

export interface LocationFlags {
  /** `--config` */
  readonly config?: string;
  /** `--state-dir` */
  readonly stateDir?: string;
}

export interface Locations {
  readonly stateDirectory: string;
  /** The configuration; it need not exist. */
  readonly file: string;
  /** In the order in which they count. */
  readonly envFiles: readonly string[];
}

export function locate(environment: Environment, flags: LocationFlags = {}): Locations {
  const home = environment.lookup('HOME')?.value ?? homedir();
  const find = (flag: string | undefined, variable: string, preset: string): string => {
    const path = flag ?? environment.lookup(variable)?.value ?? preset;
    return resolve(path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path);
  };
  const stateDirectory = find(flags.stateDir, 'OPENCLAW_STATE_DIR', join(home, '.openclaw'));
  const file = find(flags.config, 'OPENCLAW_CONFIG_PATH', join(stateDirectory, 'openclaw.json'));
  return { stateDirectory, file, envFiles: [...new Set([join(dirname(file), '.env'), join(stateDirectory, '.env')])] };
}
