/**
 * What a command line remembers of gateways, in the user's own directory and apart from any gateway's state: small JSON files, 0600,
 * each replaced as a whole.
 *
 * A home that cannot be written is no reason for a command to fail: it remembers nothing then.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';

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
  const path = join(chosen !== undefined && isAbsolute(chosen) ? chosen : join(home, '.local', 'state'), 'openclaw');
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
        mkdirSync(path, { recursive: true, mode: 0o700 });
        writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
        renameSync(temporary, join(path, name));
        return true;
      } catch {
        return false;
      }
    },
  };
}
