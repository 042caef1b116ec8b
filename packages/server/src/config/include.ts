/**
 * `$include`: an object may be put together from other files, `{ $include: 'providers.json5' }` or a list of them.
 *
 * Later files win over earlier ones, and what stands beside `$include` wins over them all. Names are relative to the
 * including file and stay within the folder of the configuration, symbolic links resolved; only an absolute path,
 * which nobody writes by accident, leads out of it. It does not fill in variables and does not know the schema.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';

import { reasonOf } from '../core/errors.ts';
import type { Problem } from './problems.ts';
import { mergeTrees, parseTree, type Member, type ObjectTree, type Parser, type ScalarTree, type Tree } from './tree.ts';

export interface IncludeContext {
  readonly parser: Parser;
  readonly problems: Problem[];
  readonly readText: (path: string) => string;
  /** Whether `readText` has the text of a file from elsewhere, so that it need not exist. */
  readonly isGiven: (path: string) => boolean;
  /** Every file that is read, or should have been, is added here. */
  readonly files: Set<string>;
}

interface Position {
  readonly file: string;
  /** The folder that relative names may not leave. */
  readonly folder: string;
  /** The files that include this one, outermost first. */
  readonly chain: readonly string[];
}

const depthLimit = 10;

/** Reads a file with all that it includes. Undefined when it cannot be read; the reasons are in `problems`. */
export function readTree(file: string, context: IncludeContext): Tree | undefined {
  return readIncluded(file, { file, folder: dirname(file), chain: [] }, context);
}

function readIncluded(file: string, position: Position, context: IncludeContext): Tree | undefined {
  context.files.add(file);
  const text = context.readText(file);
  const tree = parseTree(text, { file, parser: context.parser, problems: context.problems });
  return tree && expand(tree, { ...position, file, chain: [...position.chain, identity(file)] }, context);
}

function expand(tree: Tree, position: Position, context: IncludeContext): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'array') return { ...tree, items: tree.items.map((item) => expand(item, position, context)) };
  const own = new Map<string, Member>();
  for (const [name, member] of tree.members) {
    if (name !== '$include') own.set(name, { ...member, tree: expand(member.tree, position, context) });
  }
  const include = tree.members.get('$include');
  const included = include ? listNames(include.tree, context).map((name) => includeOne(name, position, context)) : [];
  return [...included, { ...tree, members: own }].reduce<Tree>((under, over) => (over ? mergeTrees(under, over) : under), {
    ...tree,
    members: new Map(),
  });
}

function listNames(tree: Tree, context: IncludeContext): (ScalarTree & { value: string })[] {
  const items = tree.kind === 'array' ? tree.items : [tree];
  const names = items.filter((item): item is ScalarTree & { value: string } => item.kind === 'scalar' && typeof item.value === 'string');
  if (names.length === items.length) return names;
  context.problems.push({ origin: tree.origin, path: ['$include'], reason: '$include must be the name of a file, or a list of names' });
  return [];
}

function includeOne(name: ScalarTree & { value: string }, position: Position, context: IncludeContext): ObjectTree | undefined {
  const fail = (reason: string, suggestion?: string, cause?: unknown): undefined => {
    context.problems.push({
      origin: name.origin,
      path: ['$include'],
      reason: `$include: ${reason}`,
      ...(suggestion === undefined ? {} : { suggestion }),
      cause,
    });
    return undefined;
  };
  const path = resolve(dirname(position.file), name.value);
  try {
    context.files.add(path);
    const real = context.isGiven(path) ? identity(path) : realpathSync(path);
    if (position.chain.includes(real)) return fail(`${name.value} includes itself`, 'Break the circle.');
    if (position.chain.length > depthLimit) return fail(`more than ${depthLimit} files include one another`, 'Include them side by side.');
    if (!isAbsolute(name.value) && leaves(real, position.folder)) {
      return fail(`${name.value} lies outside of ${position.folder}`, 'Write its absolute path if you mean it.');
    }
    const folder = isAbsolute(name.value) ? dirname(path) : position.folder;
    const tree = readIncluded(path, { ...position, folder }, context);
    return !tree || tree.kind === 'object' ? tree : fail(`${name.value} does not hold an object`);
  } catch (cause) {
    return fail(`${name.value} cannot be read: ${reasonOf(cause)}`, 'Names are relative to the file that includes.', cause);
  }
}

/** The file behind all symbolic links. A file that is about to be written is only itself. */
function identity(file: string): string {
  return existsSync(file) ? realpathSync(file) : file;
}

function leaves(realPath: string, folder: string): boolean {
  const way = relative(realpathSync(folder), realPath);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}
