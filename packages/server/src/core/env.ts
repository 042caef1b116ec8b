/**
 * The only reader of the environment. A variable `NAME` is also read from the file that `NAME_FILE` names and from
 * `/run/secrets/NAME`, in this order. An empty variable counts as absent: compose files pass those on by accident.
 *
 * It does not know which variables mean what: see `config/overrides.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { OpenClawError, reasonOf } from './errors.ts';

export interface Variable {
  readonly value: string;
  /** Where it was found, for people: `environment variable PORT`, `/run/secrets/OPENAI_API_KEY`. */
  readonly source: string;
  /** The file that holds the value, where there is one. */
  readonly file?: string;
  /** The variable of that file, where the value is not the whole file. */
  readonly fileVariable?: string;
}

export interface Environment {
  /**
   * Looks a variable up; undefined when it is absent or empty.
   * @throws OpenClawError `config_invalid` when a file that should hold it cannot be read.
   */
  lookup(name: string): Variable | undefined;
  /** The same environment with the variables of a `.env` file behind its own. */
  withFile(path: string, variables: Variables): Environment;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface EnvironmentOptions {
  env?: Variables;
  /** Where container runtimes put secrets, one file each. @default '/run/secrets' */
  secretsDirectory?: string;
}

interface Layer {
  readonly variables: Variables;
  readonly file?: string;
}

/** The variables of this process, for handing on. */
export function processVariables(): Variables {
  return process.env;
}

/** Takes a copy of the environment: what changes afterwards is not seen. */
export function readEnvironment(options: EnvironmentOptions = {}): Environment {
  const { env = process.env, secretsDirectory = '/run/secrets' } = options;
  return createEnvironment([{ variables: { ...env } }], secretsDirectory);
}

function createEnvironment(layers: readonly Layer[], secretsDirectory: string): Environment {
  return Object.freeze({
    lookup(name: string): Variable | undefined {
      for (const layer of layers) {
        const found = lookupInLayer(layer, name);
        if (found) return found;
      }
      return readSecret(name, secretsDirectory);
    },
    withFile: (path: string, variables: Variables) => createEnvironment([...layers, { variables, file: path }], secretsDirectory),
  });
}

function lookupInLayer({ variables, file }: Layer, name: string): Variable | undefined {
  const describe = (variable: string): string => (file === undefined ? `environment variable ${variable}` : `${variable} in ${file}`);
  const value = own(variables, name);
  if (value) return { value, source: describe(name), ...(file === undefined ? {} : { file, fileVariable: name }) };
  const path = own(variables, `${name}_FILE`);
  if (!path) return undefined;
  const source = describe(`${name}_FILE`);
  return { value: readValue(path, source), source: `${source} (${path})`, file: path };
}

function readSecret(name: string, directory: string): Variable | undefined {
  if (!/^\w+$/.test(name)) return undefined;
  const path = join(directory, name);
  try {
    const value = withoutLastNewline(readFileSync(path, 'utf8'));
    return value === '' ? undefined : { value, source: path, file: path };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(path, error);
  }
}

function readValue(path: string, source: string): string {
  try {
    const value = withoutLastNewline(readFileSync(path, 'utf8'));
    if (value === '') throw new Error(`${path} is empty`);
    return value;
  } catch (error) {
    throw unreadable(source, error);
  }
}

function unreadable(where: string, error: unknown): OpenClawError {
  const details = { where, reason: `its file cannot be read: ${reasonOf(error)}`, suggestion: 'Check the path and who may read it.' };
  return new OpenClawError('config_invalid', { details, cause: error });
}

/** The value in the text of a file that a variable was found in; for reading it again. */
export function valueInFile(text: string, { fileVariable }: Pick<Variable, 'fileVariable'>): string | undefined {
  return fileVariable === undefined ? withoutLastNewline(text) : own(parseEnv(text), fileVariable);
}

/** Editors and `echo` end files with a newline that is no part of the secret. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

function own(variables: Variables, name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}
