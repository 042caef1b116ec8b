/**
 * Finds what a configuration refers to by `{ $secret: … }`, and has it read before the settings are put together.
 *
 * Only where a secret may stand is a reference one. Those of `secrets` itself, by which the gateway is let in elsewhere, are read first, so they
 * lead to this machine alone. When and how often a source is asked: `store.ts`.
 */
import { dirname, resolve as resolvePath } from 'node:path';

import { secretKinds, secretTargets, type SecretKind, type SecretTargets } from '@openclaw/protocol';

import type { Environment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Origin } from '../origin.ts';
import { formatPath, type Path } from '../path.ts';
import type { Problem } from '../problems.ts';
import { resolveTree, type ResolveContext, type SecretOutcome } from '../resolve.ts';
import { schemaAt, settingsSchema } from '../schema.ts';
import { partAt, type ObjectTree, type Tree } from '../tree.ts';
import type { SecretRequest, SecretStore } from './store.ts';

/** A reference, and the setting that it stands for. */
export interface SecretUse {
  readonly path: Path;
  readonly origin: Origin;
  readonly request: SecretRequest;
  readonly outcome: SecretOutcome;
}

export interface Followed {
  readonly uses: readonly SecretUse[];
  /** What became of the reference that is written there; undefined where that is none. */
  secretOf(tree: ObjectTree): SecretOutcome | undefined;
}

export interface FollowOptions {
  readonly store: Pick<SecretStore, 'read'>;
  readonly environment: Environment;
  /** Changes when a `.env` file does. */
  readonly environmentStamp: string;
  /** Of the configuration file. */
  readonly directory: string;
  /** Files that references name are added here, be they there or not. */
  readonly files: Set<string>;
}

const local: ReadonlySet<SecretKind> = new Set<SecretKind>(['env', 'file', 'exec']);

export async function followReferences(tree: Tree, options: FollowOptions): Promise<Followed> {
  const found = findReferences(tree, []);
  const uses: SecretUse[] = [];
  const outcomes = new Map<ObjectTree, SecretOutcome>();
  const secretOf = (written: ObjectTree): SecretOutcome | undefined => outcomes.get(written);
  const isOwn = ({ path }: Found): boolean => path[0] === 'secrets';
  for (const stage of [found.filter(isOwn), found.filter((each) => !isOwn(each))]) {
    if (stage.length === 0) continue;
    const settings = secretsSettings(tree, secretOf, options);
    await Promise.all(
      stage.map(async (each) => {
        const use = await follow(each, { ...options, settings });
        outcomes.set(each.tree, use.outcome);
        if (use.request) uses.push({ path: each.path, origin: each.tree.origin, request: use.request, outcome: use.outcome });
      }),
    );
  }
  return { uses: uses.toSorted((one, other) => (formatPath(one.path) < formatPath(other.path) ? -1 : 1)), secretOf };
}

interface Found {
  readonly path: Path;
  readonly tree: ObjectTree;
}

function findReferences(tree: Tree, path: Path): Found[] {
  if (tree.kind === 'array') return tree.items.flatMap((item, index) => findReferences(item, [...path, index]));
  if (tree.kind === 'scalar') return [];
  if (tree.members.has('$secret') && schemaAt(settingsSchema, path)?.writeOnly) return [{ path, tree }];
  return [...tree.members].flatMap(([name, member]) => findReferences(member.tree, [...path, name]));
}

/** Mistakes in them are for the reading of the whole: here they only mean that a source will not be found. */
function secretsSettings(tree: Tree, secretOf: ResolveContext['secretOf'], { environment }: FollowOptions): SecretRequest['settings'] {
  const schema = settingsSchema.properties?.['secrets'] ?? {};
  const written = partAt(tree, ['secrets']) ?? { kind: 'object', members: new Map(), origin: { kind: 'default', where: 'default' } };
  const context: ResolveContext = { environment, problems: [], files: new Set(), secretOf, at: ['secrets'] };
  return resolveTree(schema, written, context).value as SecretRequest['settings'];
}

interface StageOptions extends FollowOptions {
  readonly settings: SecretRequest['settings'];
}

async function follow(
  { tree, path }: Found,
  { store, settings, ...options }: StageOptions,
): Promise<{ readonly outcome: SecretOutcome; readonly request?: SecretRequest }> {
  const target = targetOf(tree, path, options);
  if ('reason' in target) return { outcome: target };
  if (path[0] === 'secrets' && !local.has(target.kind)) {
    const reason = `may come from this machine alone (${[...local].join(', ')}): by it the gateway is let in elsewhere`;
    return { outcome: { reason, suggestion: 'Put it into a file or a variable.' } };
  }
  const { environment, environmentStamp, directory } = options;
  const request: SecretRequest = { ...target, settings, environment, environmentStamp, directory };
  try {
    const { value, where, file, describe } = await store.read(request);
    if (file) options.files.add(file.file);
    return { request, outcome: { value, where: where ?? describe, file } };
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError)) throw thrown;
    return { request, outcome: wordsOf(request, thrown) };
  }
}

type Target = { readonly [Kind in SecretKind]: { readonly kind: Kind; readonly target: SecretTargets[Kind] } }[SecretKind];
type Mistake = Extract<SecretOutcome, { readonly reason: string }>;

function targetOf(tree: ObjectTree, path: Path, { environment, files }: Omit<FollowOptions, 'store'>): Target | Mistake {
  const reference = tree.members.get('$secret')?.tree;
  const [name, member] = reference?.kind === 'object' && reference.members.size === 1 ? ([...reference.members][0] ?? []) : [];
  const kind = secretKinds.find((known) => known === name);
  if (tree.members.size !== 1 || kind === undefined || member === undefined) {
    const reason = `must be a text, or { $secret: … } with exactly one of ${secretKinds.join(', ')}`;
    return { reason, suggestion: "Such as { $secret: { file: 'PATH' } }; docs/secrets.md has one of each." };
  }
  const problems: Problem[] = [];
  const at = [...path, '$secret', kind];
  const { value } = resolveTree(secretTargets[kind], member.tree, { environment, problems, files, at });
  const [problem] = problems;
  if (problem) {
    const reason = `refers to nothing: ${problem.reason}`;
    return { reason, suggestion: problem.suggestion ?? 'docs/secrets.md has one of each.' };
  }
  // The row of this kind was what it was checked against.
  const target = { kind, target: value } as Target;
  if (target.kind !== 'file') return target;
  const file = resolvePath(dirname(tree.origin.file ?? '.'), target.target.path);
  files.add(file);
  return { kind: 'file', target: { ...target.target, path: file } };
}

/** Follows the path of the setting in a message. */
function wordsOf({ kind, target }: SecretRequest, error: OpenClawError): Mistake {
  const cause = { cause: error };
  if (kind === 'env' && error.code === 'secret_missing') {
    const { name } = target as SecretTargets['env'];
    return { reason: `needs the variable ${name}, which is not set`, suggestion: `Set ${name} in the environment or in .env.`, ...cause };
  }
  if (kind === 'file' && error.code !== 'secret_unusable' && (target as SecretTargets['file']).key === undefined) {
    const { path } = target as SecretTargets['file'];
    const reason = `needs the file ${path}, which ${String(error.details['reason']).replace(/^it /, '')}`;
    return { reason, suggestion: 'Check the path and who may read it.', ...cause };
  }
  return { reason: `has no secret: ${error.message.replace(/\.$/, '')}`, suggestion: error.hint, ...cause };
}
