/**
 * What a configuration says of secrets, be the rest of it good or not: which it refers to and whether each can be read now, and which it holds
 * itself. For commands; nothing is put in force or kept.
 */
import { dirname } from 'node:path';

import type { SecretKind } from '@openclaw/protocol';

import { systemClock } from '../../core/clock.ts';
import { createRedactor, type Redactor } from '../../core/redact.ts';
import { readWanted, withSecrets, type LoadOptions } from '../load.ts';
import type { Origin } from '../origin.ts';
import { formatPath, type Path } from '../path.ts';
import { schemaAt, settingsSchema } from '../schema.ts';
import type { Tree } from '../tree.ts';
import { down } from './failures.ts';
import { followReferences, type SecretUse } from './references.ts';
import { openSource } from './sources/index.ts';
import type { SecretStore } from './store.ts';

export interface TriedReference {
  readonly setting: string;
  readonly kind: SecretKind;
  readonly where: string;
  readonly origin: Origin;
  /** Why it cannot be read. */
  readonly problem?: { readonly reason: string; readonly remedy: string };
}

/** A secret in the text of the configuration. */
export interface PlainSecret {
  readonly setting: string;
  readonly origin: Origin;
  /** The setting is not one for secrets: it looks like one. */
  readonly isGuess: boolean;
}

export interface SecretsInspected {
  readonly stateDirectory: string;
  /** The configuration and what it includes. */
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  /** Files that references name. */
  readonly secretFiles: readonly string[];
  readonly references: readonly TriedReference[];
  readonly plain: readonly PlainSecret[];
  /** Of all of them, for finding them elsewhere. Never to be shown. */
  readonly values: readonly string[];
}

/** Asks nobody. */
const silentStore: Pick<SecretStore, 'read'> = { read: ({ kind }) => Promise.reject(down(kind, 'it was not asked')) };

/**
 * @param options.isAsked whether sources are; else every reference has a problem @default true
 * @throws OpenClawError `config_unreadable`, `config_invalid` where the text is no JSON5
 */
export async function inspectSecrets({
  isAsked = true,
  ...options
}: LoadOptions & { readonly isAsked?: boolean }): Promise<SecretsInspected> {
  const wanted = await readWanted(options);
  const { tree, environment, environmentStamp, files, file, envFiles, texts, stateDirectory } = wanted;
  const { uses } = await withSecrets(isAsked ? options.secrets : silentStore, (store) =>
    followReferences(tree, { store, environment, environmentStamp, directory: dirname(file), files }),
  );
  const found: Found[] = [];
  collect(tree, [], { found, redactor: createRedactor() });
  return {
    ...{ stateDirectory, files: [...texts.keys()], envFiles },
    secretFiles: uses.flatMap(({ outcome }) => ('value' in outcome && outcome.file ? [outcome.file.file] : [])),
    references: await Promise.all(uses.map(tried)),
    plain: found.map(({ path, origin, isGuess }) => ({ setting: formatPath(path), origin, isGuess })),
    values: [
      ...found.map(({ value }) => value),
      ...uses.flatMap(({ outcome }) => ('value' in outcome && typeof outcome.value === 'string' ? [outcome.value] : [])),
    ],
  };
}

async function tried({ path, request, origin, outcome }: SecretUse): Promise<TriedReference> {
  const { kind, target } = request;
  const where = (await openSource<SecretKind>(kind, { ...request, clock: systemClock })).describe(target);
  const problem = 'value' in outcome ? {} : { problem: { reason: outcome.reason, remedy: outcome.suggestion } };
  return { setting: formatPath(path), kind, where, origin, ...problem };
}

interface Found {
  readonly path: Path;
  readonly origin: Origin;
  readonly isGuess: boolean;
  readonly value: string;
}

function collect(tree: Tree, path: Path, walk: { readonly found: Found[]; readonly redactor: Redactor }): void {
  if (tree.kind === 'array') return tree.items.forEach((item, index) => collect(item, [...path, index], walk));
  if (tree.kind === 'object') {
    for (const [name, member] of tree.members) if (name !== '$secret') collect(member.tree, [...path, name], walk);
    return;
  }
  const { value, variables, origin } = tree;
  // What a variable or a flag says does not stand in the file; nor does the token that the gateway made for itself.
  if (typeof value !== 'string' || value === '' || variables !== undefined || origin.line === undefined) return;
  const isSetting = schemaAt(settingsSchema, path)?.writeOnly === true;
  if (isSetting || walk.redactor.text(value) !== value) walk.found.push({ path, origin, isGuess: !isSetting, value });
}
