/**
 * Loads the configuration: file, includes, variables, secrets, defaults, flags, checks. A function of the file system and
 * the environment alone, so that an older version of the file can be loaded in the same way.
 *
 * It keeps nothing, watches nothing and writes nothing. An absent file is an empty one.
 */
import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import { parseEnv } from 'node:util';

import { systemClock } from '../core/clock.ts';
import type { Environment } from '../core/env.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import { crossCheck, type Finding } from './cross-checks.ts';
import { gatewayTokenFile } from './gateway-token.ts';
import { readTree } from './include.ts';
import { locate, type LocationFlags } from './locations.ts';
import { defaultOrigin, type Origin } from './origin.ts';
import { applyOverrides, type OverrideFlags } from './overrides.ts';
import { formatPath, type Path } from './path.ts';
import { type Problem, toConfigError } from './problems.ts';
import { isPresent, readText } from './read-text.ts';
import { resolveTree, type Resolution } from './resolve.ts';
import { type Settings, settingsSchema } from './schema.ts';
import type { SecretFile } from './secrets/contract.ts';
import { followReferences, type SecretUse } from './secrets/references.ts';
import { createSecretStore, type SecretStore } from './secrets/store.ts';
import { substitute } from './substitute.ts';
import { mergeTrees, partAt, treeAt, type Tree } from './tree.ts';

export interface LoadOptions {
  environment: Environment;
  flags?: LocationFlags & OverrideFlags;
  /** Providers that OpenClaw knows. Absent: names of providers are not checked. */
  vendors?: readonly string[];
  /** Reads the file in place of what is on the disk: a version that is not written yet, or an older one. */
  text?: string;
  /** The same for several files, by their absolute paths: the configuration and what it includes. A file in it need not exist. */
  texts?: ReadonlyMap<string, string>;
  /** Every file that is looked for is added here, also when loading fails: what has to be watched until it succeeds. */
  seen?: Set<string>;
  /** Asked for secrets that lie elsewhere. Absent: each source is asked once. */
  secrets?: Pick<SecretStore, 'read'>;
}

export interface Configuration {
  /** Deeply frozen. Records of names that people choose have no prototype. */
  readonly settings: Settings;
  /** Where each setting came from, by its path; objects and lists too. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Every secret by the path of its setting, for redaction. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Where those of them that lie in files can be read again, by the path of their setting. */
  readonly secretFiles: ReadonlyMap<string, SecretFile>;
  /** References to secrets, by the path of their setting. */
  readonly references: readonly SecretUse[];
  /** The configuration file; see `exists`. */
  readonly file: string;
  readonly exists: boolean;
  readonly stateDirectory: string;
  /** Every file that something was read from, for watching. */
  readonly files: readonly string[];
  /** The text of the configuration, where there is one, and after it those of its includes, by their paths. Secrets are in it as written. */
  readonly texts: ReadonlyMap<string, string>;
  /** Of those texts and of the `.env` files. Two configurations with the same digest and the same settings are the same. */
  readonly digest: string;
  /** The environment with the `.env` files behind it. */
  readonly environment: Environment;
}

/**
 * @throws OpenClawError `config_unreadable`, or `config_invalid` (or `bind_without_auth`) with further mistakes in `others`.
 */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const { tree, environment, environmentStamp, problems, files, texts, digest, ...place } = await readWanted(options);
  const { file, exists, stateDirectory } = place;
  const { uses: references, secretOf } = await withSecrets(options.secrets, (store) =>
    followReferences(tree, { store, environment, environmentStamp, directory: dirname(file), files }),
  );
  const resolution = resolveTree(settingsSchema, tree, { environment, problems, files, secretOf });

  const findings = crossCheck(resolution.value, problems, options.vendors === undefined ? {} : { vendors: options.vendors });
  problems.push(...findings.map((finding) => placeFinding(finding, resolution)));
  if (problems.length > 0) throw toConfigError(problems);
  const { value, ...found } = resolution;
  const settings = deepFreeze(value);
  // Names that are only looked for, and are not there, are for who watches.
  const present = [...files].filter((path) => texts.has(path) || probe(path));
  return Object.freeze({
    ...{ settings, ...found, references, file, exists, stateDirectory, files: present, texts, digest, environment },
  });
}

/** With the store that was given, or one that is closed afterwards. */
export async function withSecrets<Result>(
  given: LoadOptions['secrets'],
  action: (store: Pick<SecretStore, 'read'>) => Promise<Result>,
): Promise<Result> {
  if (given) return action(given);
  const own = createSecretStore({ clock: systemClock });
  try {
    return await action(own);
  } finally {
    own.close();
  }
}

/** What flags, variables and files say together, before secrets are followed and the schema is asked. */
export interface Wanted extends Pick<Configuration, 'file' | 'exists' | 'stateDirectory' | 'texts' | 'digest' | 'environment'> {
  readonly tree: Tree;
  /** Of the `.env` files. */
  readonly environmentStamp: string;
  /** Where those are, be they there or not. */
  readonly envFiles: readonly string[];
  readonly problems: Problem[];
  readonly files: Set<string>;
}

/** @throws OpenClawError where it cannot be read at all */
export async function readWanted(options: LoadOptions): Promise<Wanted> {
  const { flags = {}, seen: files = new Set<string>() } = options;
  const { stateDirectory, file, envFiles } = locate(options.environment, flags);
  for (const path of [file, ...envFiles]) options.seen?.add(path);
  const given = options.text === undefined ? (options.texts ?? new Map<string, string>()) : new Map([[file, options.text]]);
  const problems: Problem[] = [];
  const exists = probe(file);
  if (!exists && !given.has(file) && flags.config !== undefined) throw unreadable(file, new Error('it does not exist'));

  const hash = createHash('sha256');
  const environment = addEnvFiles(options.environment, envFiles, { files, read: (path) => noted(hash, path, readText(path)) });
  const environmentStamp = hash.copy().digest('hex');
  const texts = new Map<string, string>();
  const written = exists || given.has(file) ? await readFileTree(file, { given, texts, files, problems }) : emptyTree;
  for (const [path, text] of texts) noted(hash, path, text);
  if (!written) throw toConfigError(problems);
  const filled = substitute(written, { environment, problems, files });
  const wanted = chooseAuthMode(applyOverrides(filled, { environment, flags, files }));
  const tree = addGatewayToken(wanted, stateDirectory, files);
  return {
    tree,
    environment,
    environmentStamp,
    envFiles,
    problems,
    files,
    texts,
    file,
    exists,
    stateDirectory,
    digest: hash.digest('hex'),
  };
}

function noted(hash: Hash, path: string, text: string): string {
  hash.update(`${path}\0${text}\0`);
  return text;
}

function probe(file: string): boolean {
  try {
    return isPresent(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

const emptyTree: Tree = { kind: 'object', members: new Map(), origin: defaultOrigin };

function addEnvFiles(
  environment: Environment,
  paths: readonly string[],
  { files, read }: { files: Set<string>; read: (path: string) => string },
): Environment {
  return paths.filter(probe).reduce((layered, path) => {
    files.add(path);
    try {
      return layered.withFile(path, parseEnv(read(path)));
    } catch (error) {
      throw unreadable(path, error);
    }
  }, environment);
}

async function readFileTree(
  file: string,
  context: { given: ReadonlyMap<string, string>; texts: Map<string, string>; files: Set<string>; problems: Problem[] },
): Promise<Tree | undefined> {
  const { given, texts, files, problems } = context;
  // Loaded only where there is a file to parse: the empty start is the fast one.
  const parser = await import('@humanwhocodes/momoa');
  const read = (path: string): string => {
    const text = given.get(path) ?? readText(path);
    texts.set(path, text);
    return text;
  };
  try {
    return readTree(file, { parser, problems, files, readText: read, isGiven: (path) => given.has(path) });
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The token of the first start lies below everything that anybody wrote. */
function addGatewayToken(tree: Tree, stateDirectory: string, files: Set<string>): Tree {
  const file = gatewayTokenFile(stateDirectory);
  files.add(file);
  if (!probe(file)) return tree;
  try {
    const value = readText(file).trimEnd();
    return mergeTrees(treeAt(['gateway', 'auth', 'token'], { kind: 'scalar', value, origin: { kind: 'file', where: file } }), tree);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Somebody gave a password, and neither a token nor a mode: then the password is meant. */
function chooseAuthMode(tree: Tree): Tree {
  const isGiven = (name: string): boolean => partAt(tree, ['gateway', 'auth', name]) !== undefined;
  if (!isGiven('password') || isGiven('token') || isGiven('mode')) return tree;
  return mergeTrees(tree, treeAt(['gateway', 'auth', 'mode'], { kind: 'scalar', value: 'password', origin: defaultOrigin }));
}

/** The place of the setting at fault or, where it is absent, of the nearest thing around it. */
function placeFinding(finding: Finding, { origins }: Resolution<Settings>): Problem {
  for (let path: Path = finding.path; path.length > 0; path = path.slice(0, -1)) {
    const origin = origins.get(formatPath(path));
    if (origin && origin.kind !== 'default') return { ...finding, origin };
  }
  return { ...finding, origin: defaultOrigin };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach((part) => deepFreeze(part));
  }
  return value;
}

function unreadable(file: string, cause: unknown): OpenClawError {
  return new OpenClawError('config_unreadable', { details: { file, reason: reasonOf(cause) }, cause });
}
