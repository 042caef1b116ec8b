/** A folder for one test, gone when the test ends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

import { readEnvironment, type Variables } from '../core/env.ts';
import { OpenClawError } from '../core/errors.ts';
import { type Configuration, loadConfiguration, type LoadOptions } from './load.ts';

export interface Folder {
  readonly path: string;
  write(name: string, text: string): string;
  /** Loads the configuration with this folder as the state directory. */
  load(options?: { env?: Variables; flags?: LoadOptions['flags']; vendors?: readonly string[] }): Promise<Configuration>;
  /** Every mistake that loading finds: its words without the folder, and the hint. */
  mistakes(options?: { env?: Variables; vendors?: readonly string[] }): Promise<string[]>;
}

export function createFolder(t: TestContext, files: Readonly<Record<string, string>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-config-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const folder: Folder = {
    path,
    write(name, text) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    load({ env = {}, flags = {}, vendors } = {}) {
      const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: path, ...env }, secretsDirectory: join(path, 'run', 'secrets') });
      return loadConfiguration({ environment, flags, ...(vendors ? { vendors } : {}) });
    },
    async mistakes(options = {}) {
      const error = await folder.load(options).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) return [];
      if (!(error instanceof OpenClawError)) throw error;
      return [error, ...error.others].map(({ message, hint }) => `${message} ${hint}`.replaceAll(`${path}/`, ''));
    },
  };
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  return folder;
}
