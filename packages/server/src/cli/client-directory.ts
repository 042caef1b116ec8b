/**
 * What a command line remembers of gateways, in the user's own directory and apart from any gateway's state: small JSON files, 0600,
 * each replaced as a whole.
 *
 * A home that cannot be written is no reason for a command to fail: it remembers nothing then.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { readEnvironment, type Variables } from '../core/env.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

export interface ClientDirectory {
  readonly path: string;
  /** Empty where it is not there, or is not what was written. */
  read(name: string): JsonObject;
  /** @returns whether it was written */
  write(name: string, value: JsonObject): boolean;
}

/** `$XDG_STATE_HOME/openclaw`, else `~/.local/state/openclaw`. */
export function openClientDirectory(env: Variables): ClientDirectory {
  const environment = readEnvironment({ env });
  const chosen = environment.lookup('XDG_STATE_HOME')?.value;
  const home = environment.lookup('HOME')?.value ?? homedir();
  const folders =
    chosen !== undefined && isAbsolute(chosen)
      ? [chosen, join(chosen, 'openclaw')]
      : ['.local', '.local/state', '.local/state/openclaw'].map((name) => join(home, name));
  const path = folders.at(-1) ?? home;
  return {
    path,
    read(name) {
      try {
        const value: unknown = JSON.parse(readFileSync(join(path, name), 'utf8'));
        return isJsonObject(value) ? value : {};
      } catch {
        return {};
      }
    },
    write(name, value) {
      const temporary = join(path, `.${name}.${process.pid}`);
      try {
        for (const folder of folders) makeFolder(folder);
        writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
        renameSync(temporary, join(path, name));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** One level at a time: Node's own making of whole paths never ends below places such as /proc, where a new folder is not found. */
function makeFolder(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
}
