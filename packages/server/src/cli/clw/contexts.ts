/**
 * Named gateways: `clw config`. A small file of the user's own, `$XDG_CONFIG_HOME/openclaw/clw.json`, readable by them alone since tokens may lie in it.
 *
 * Without it `clw` asks the gateway of this machine. It is read at each command and replaced as a whole by `clw config`.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';

export interface Context {
  /** Absent: the gateway of this machine. */
  readonly server?: string;
  readonly token?: string;
  /** A file that holds the token, read at each command. */
  readonly tokenFile?: string;
  /** PEM of whoever signed the certificate of the gateway. */
  readonly certificateFile?: string;
  readonly namespace?: string;
}

export interface Contexts {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

const textFields = ['server', 'token', 'tokenFile', 'certificateFile', 'namespace'] as const satisfies readonly (keyof Context)[];

/** `CLW_CONFIG`, else below `XDG_CONFIG_HOME` or `~/.config`. */
export function contextsFile(env: Variables): string {
  const environment = readEnvironment({ env });
  const named = environment.lookup('CLW_CONFIG')?.value;
  if (named !== undefined) return named;
  const chosen = environment.lookup('XDG_CONFIG_HOME')?.value;
  const base = chosen !== undefined && isAbsolute(chosen) ? chosen : join(environment.lookup('HOME')?.value ?? homedir(), '.config');
  return join(base, 'openclaw', 'clw.json');
}

/** @throws OpenClawError `usage_error` for a file that is none of ours */
export function readContexts(env: Variables): Contexts {
  const file = contextsFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    // A home that may not be looked into has no contexts for us.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(thrown))) return { contexts: {} };
    throw unusable(file, reasonOf(thrown));
  }
  return parseContexts(file, text);
}

function parseContexts(file: string, text: string): Contexts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The runtime's message quotes the text, in which tokens lie.
    throw unusable(file, 'it is not JSON');
  }
  const contexts = isJsonObject(value) ? value['contexts'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(contexts)) throw unusable(file, 'it holds no contexts');
  for (const [name, context] of Object.entries(contexts)) {
    if (!isJsonObject(context)) throw unusable(file, `the context ${name} is no object`);
    const wrong = textFields.find((field) => context[field] !== undefined && typeof context[field] !== 'string');
    if (wrong !== undefined) throw unusable(file, `${name}.${wrong} is no text`);
  }
  const current = value['current'];
  return { contexts: contexts as Record<string, Context>, ...(typeof current === 'string' ? { current } : {}) };
}

/** @throws OpenClawError `usage_error` where it cannot be written */
export function writeContexts(env: Variables, contexts: Contexts): void {
  const file = contextsFile(env);
  const spare = `${file}.${process.pid}.new`;
  try {
    makeFolders(dirname(file));
    writeFileSync(spare, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
    chmodSync(spare, 0o600);
    renameSync(spare, file);
  } catch (thrown) {
    rmSync(spare, { force: true });
    throw unusable(file, `it cannot be written: ${reasonOf(thrown)}`);
  }
}

/** One level at a time: Node's own making of whole paths never ends below places such as /proc. */
function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return;
    if (codeOf(thrown) !== 'ENOENT' || dirname(folder) === folder) throw thrown;
    makeFolders(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

function unusable(file: string, reason: string): OpenClawError {
  return new OpenClawError('usage_error', {
    details: {
      reason: `${file} cannot be used: ${reason}`,
      suggestion: 'Mend it, or remove it and begin again with `clw config set-context NAME`.',
    },
  });
}
