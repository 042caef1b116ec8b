/**
 * A configuration while it is put together: values that remember where each of them was written.
 * It does not know the schema, and does not read files.
 */
import type * as momoa from '@humanwhocodes/momoa';

import { fileOrigin, type Origin } from './origin.ts';
import type { Path } from './path.ts';
import type { Problem } from './problems.ts';

export type Tree = ScalarTree | ArrayTree | ObjectTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly origin: Origin;
  /** The variables that the text was filled in from; then it must not be shown, and it may stand for a number. */
  readonly variables?: readonly string[];
}
export interface ArrayTree {
  readonly kind: 'array';
  readonly items: readonly Tree[];
  readonly origin: Origin;
}
export interface ObjectTree {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, Member>;
  readonly origin: Origin;
}
export interface Member {
  readonly keyOrigin: Origin;
  readonly tree: Tree;
}

export type Parser = typeof momoa;

// Deeper than any setting by far, and shallow enough for every recursive function here.
const depthLimit = 64;
/** Names that mean something to JavaScript's objects; as keys they are never meant well. */
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads JSON5. Undefined when it cannot be read at all; what is wrong is added to `problems`. */
export function parseTree(text: string, context: { file: string; parser: Parser; problems: Problem[] }): Tree | undefined {
  const { file, parser, problems } = context;
  try {
    return toTree(parser.parse(text, { mode: 'json5', ranges: true }).body, [], { file, problems });
  } catch (cause) {
    problems.push(syntaxProblem(cause, { file, text }));
    return undefined;
  }
}

/** Lays `over` on `under`: objects are merged key by key, anything else is replaced. */
export function mergeTrees(under: Tree, over: Tree): Tree {
  if (under.kind !== 'object' || over.kind !== 'object') return over;
  const members = new Map(under.members);
  for (const [name, member] of over.members) {
    const below = members.get(name);
    members.set(name, below ? { keyOrigin: member.keyOrigin, tree: mergeTrees(below.tree, member.tree) } : member);
  }
  return { kind: 'object', members, origin: over.origin };
}

/** The tree of one value at a path, for what comes from outside of files. */
export function treeAt(path: Path, value: ScalarTree): Tree {
  return path
    .toReversed()
    .reduce<Tree>(
      (tree, name) => ({ kind: 'object', members: new Map([[String(name), { keyOrigin: value.origin, tree }]]), origin: value.origin }),
      value,
    );
}

/** The part of a tree at a path. */
export function partAt(tree: Tree, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((part, segment) => {
    if (typeof segment === 'number') return part?.kind === 'array' ? part.items[segment] : undefined;
    return part?.kind === 'object' ? part.members.get(segment)?.tree : undefined;
  }, tree);
}

interface ReadContext {
  readonly file: string;
  readonly problems: Problem[];
}

function toTree(node: momoa.ValueNode, path: Path, context: ReadContext): Tree {
  const origin = fileOrigin(context.file, node.loc.start);
  if (path.length > depthLimit) throw new RangeError('too deep');
  switch (node.type) {
    case 'Object':
      return { kind: 'object', members: toMembers(node, path, context), origin };
    case 'Array':
      return { kind: 'array', items: node.elements.map((element, index) => toTree(element.value, [...path, index], context)), origin };
    case 'Null':
      return { kind: 'scalar', value: null, origin };
    case 'NaN':
      return { kind: 'scalar', value: Number.NaN, origin };
    case 'Infinity':
      return { kind: 'scalar', value: node.sign === '-' ? -Infinity : Infinity, origin };
    default:
      return { kind: 'scalar', value: node.value, origin };
  }
}

function toMembers(node: momoa.ObjectNode, path: Path, context: ReadContext): Map<string, Member> {
  const members = new Map<string, Member>();
  for (const { name: key, value } of node.members) {
    const name = key.type === 'Identifier' ? key.name : key.value;
    const keyOrigin = fileOrigin(context.file, key.loc.start);
    const memberPath = [...path, name];
    const before = members.get(name);
    if (forbiddenNames.has(name)) {
      context.problems.push({
        origin: keyOrigin,
        path: memberPath,
        reason: `the name ${name} is not allowed`,
        suggestion: 'Choose another name.',
      });
    } else if (before) {
      const reason = `${name} stands here a second time; the first is in line ${before.keyOrigin.line ?? 1}`;
      context.problems.push({ origin: keyOrigin, path: memberPath, reason, suggestion: 'Keep one of the two.' });
    } else {
      members.set(name, { keyOrigin, tree: toTree(value, memberPath, context) });
    }
  }
  return members;
}

function syntaxProblem(cause: unknown, { file, text }: { file: string; text: string }): Problem {
  if (cause instanceof RangeError) {
    const origin = fileOrigin(file, { line: 1, column: 1 });
    return { origin, path: [], reason: `it is nested deeper than ${depthLimit} levels`, suggestion: 'No setting is.', cause };
  }
  const { line = 1, column = 1, message = 'it cannot be read' } = cause as { line?: number; column?: number; message?: string };
  // The parser does not always know where the end is.
  const position = message.includes('end of input') ? endOf(text) : { line, column };
  const reason = message
    .replace(/ \(\d+:\d+\)$/, '')
    .replace(/\.? found\.?$/, '')
    .replace(/\.$/, '');
  return {
    origin: fileOrigin(file, position),
    path: [],
    reason: `not valid JSON5: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`,
    suggestion: 'Look at this place and just before it: a comma, a quote or a brace is missing or too many.',
    cause,
  };
}

function endOf(text: string): { line: number; column: number } {
  const lines = text.trimEnd().split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
