/**
 * Takes the secrets out of the text of a configuration before it is kept, and puts them in again from what stands in the file now.
 *
 * A secret gives way to a placeholder that names its setting and that no setting accepts, so that a text with one in it is refused.
 * References (`${NAME}`, `{ $secret: … }`) are no secrets and stay. In comments what is a secret, or looks like one, is gone for good.
 */
import { dirname, resolve } from 'node:path';

import { OpenClawError } from '../../core/errors.ts';
import { createRedactor, type Redactor } from '../../core/redact.ts';
import { replaceInText } from '../edit.ts';
import { defaultOrigin } from '../origin.ts';
import { formatPath, type Path } from '../path.ts';
import { schemaAt, settingsSchema } from '../schema.ts';
import { parseTree, partAt, type ObjectTree, type Parser, type Tree } from '../tree.ts';

/** The text of a configuration and of its includes, by their absolute paths; the configuration itself is the first. */
export type Texts = ReadonlyMap<string, string>;

const placeholder = /^‹secret (.+)›$/u;

export interface HideOptions {
  readonly parser: Parser;
  /** What is secret wherever it stands. */
  readonly secrets: Iterable<string>;
}

/** The same texts without secrets. They must be good JSON5, as those of a loaded configuration are. */
export function hideSecrets(texts: Texts, { parser, secrets }: HideOptions): Texts {
  const redactor = createRedactor([...secrets]);
  const places = findSecrets(texts, parser, redactor);
  return new Map(
    [...texts].map(([file, text]) => {
      const replacements = [...(places.get(file)?.values() ?? [])].map(({ path, setting }) => ({
        path,
        value: { kind: 'scalar', value: `‹secret ${setting}›`, origin: defaultOrigin } as const,
      }));
      const hidden = replaceInText(text, { replacements, parser });
      return [file, redactComments(hidden, parser, redactor)] as const;
    }),
  );
}

export interface FillOptions {
  readonly parser: Parser;
  /** Where secrets may stand, the first that has one counts; a text that is not good JSON5 has none. */
  readonly sources: readonly Texts[];
  readonly version: number;
}

/** @throws OpenClawError `config_secret_missing` for a placeholder at whose place no source has anything */
export function fillSecrets(texts: Texts, { parser, sources, version }: FillOptions): Texts {
  return new Map([...texts].map(([file, text]) => [file, fillOne({ file, text }, { parser, sources, version })] as const));
}

function fillOne({ file, text }: { file: string; text: string }, { parser, sources, version }: FillOptions): string {
  const tree = text.trim() === '' ? undefined : parseTree(text, { file, parser, problems: [] });
  const trees = sources.flatMap((source) => parseTree(source.get(file) ?? '', { file, parser, problems: [] }) ?? []);
  const missing = tree === undefined ? [] : placeholdersIn(tree, []);
  const replacements = missing.map(({ path, setting }) => {
    const value = trees.map((source) => partAt(source, path)).find((part) => part !== undefined && placeholdersIn(part, path).length === 0);
    if (!value) throw new OpenClawError('config_secret_missing', { details: { version, path: setting, file } });
    return { path, value };
  });
  return replaceInText(text, { replacements, parser });
}

/** The text without the values in lines that are not in `known`. For a text that no parser can read: a secret may stand in it without quotes. */
export function maskUnknown(text: string, known: string): string {
  const lines = new Set(known.split('\n').map((line) => line.trim()));
  return text
    .split('\n')
    .map((line) => (lines.has(line.trim()) || /^[\s{}[\],]*$/.test(line) ? line : `${/^[^:]*:/.exec(line)?.[0] ?? ''} ‹not shown›`))
    .join('\n');
}

interface SecretPlace {
  /** Within its file. */
  readonly path: Path;
  /** The setting, for people. */
  readonly setting: string;
}

function placeholdersIn(tree: Tree, path: Path): SecretPlace[] {
  if (tree.kind === 'object') return [...tree.members].flatMap(([name, member]) => placeholdersIn(member.tree, [...path, name]));
  if (tree.kind === 'array') return tree.items.flatMap((item, index) => placeholdersIn(item, [...path, index]));
  const setting = typeof tree.value === 'string' ? placeholder.exec(tree.value)?.[1] : undefined;
  return setting === undefined ? [] : [{ path, setting }];
}

interface Walk {
  readonly texts: Texts;
  readonly parser: Parser;
  readonly redactor: Redactor;
  /** By file, then by path within it: a file that is included twice has each place once. */
  readonly found: Map<string, Map<string, SecretPlace>>;
}

interface Position {
  readonly file: string;
  readonly path: Path;
  /** Where the file's part of the configuration is, and the path of the setting itself. */
  readonly setting: Path;
}

function findSecrets(texts: Texts, parser: Parser, redactor: Redactor): Walk['found'] {
  const walk: Walk = { texts, parser, redactor, found: new Map() };
  const [main] = texts.keys();
  if (main !== undefined) visitFile(main, [], walk);
  return walk.found;
}

function visitFile(file: string, setting: Path, walk: Walk): void {
  const text = walk.texts.get(file) ?? '';
  const tree = text.trim() === '' ? undefined : parseTree(text, { file, parser: walk.parser, problems: [] });
  if (tree) visit(tree, { file, path: [], setting }, walk);
}

function visit(tree: Tree, position: Position, walk: Walk): void {
  const { file, path, setting } = position;
  if (tree.kind === 'array') {
    tree.items.forEach((item, index) => visit(item, { file, path: [...path, index], setting: [...setting, index] }, walk));
  } else if (tree.kind === 'object') {
    visitObject(tree, position, walk);
  } else if (typeof tree.value === 'string' && isSecret(tree.value, setting, walk.redactor)) {
    const places = walk.found.get(file) ?? new Map<string, SecretPlace>();
    walk.found.set(file, places);
    if (!places.has(formatPath(path))) places.set(formatPath(path), { path, setting: formatPath(setting) });
  }
}

function visitObject(tree: ObjectTree, { file, path, setting }: Position, walk: Walk): void {
  for (const [name, { tree: part }] of tree.members) {
    // What a reference names is no secret.
    if (name === '$secret') continue;
    if (name !== '$include') visit(part, { file, path: [...path, name], setting: [...setting, name] }, walk);
    else for (const included of namesOf(part)) visitFile(resolve(dirname(file), included), setting, walk);
  }
}

function namesOf(tree: Tree): string[] {
  const items = tree.kind === 'array' ? tree.items : [tree];
  return items.flatMap((item) => (item.kind === 'scalar' && typeof item.value === 'string' ? [item.value] : []));
}

function isSecret(value: string, setting: Path, redactor: Redactor): boolean {
  if (value === '' || /^(\$\{\w+\})+$/.test(value)) return false;
  return schemaAt(settingsSchema, setting)?.writeOnly === true || redactor.text(value) !== value;
}

function redactComments(text: string, parser: Parser, redactor: Redactor): string {
  if (text.trim() === '') return text;
  const { tokens = [] } = parser.parse(text, { mode: 'json5', ranges: true, tokens: true });
  return tokens.toReversed().reduce((edited, { type, loc }) => {
    if (type !== 'LineComment' && type !== 'BlockComment') return edited;
    const [start, end] = [loc.start.offset, loc.end.offset];
    return edited.slice(0, start) + redactor.text(edited.slice(start, end)) + edited.slice(end);
  }, text);
}
