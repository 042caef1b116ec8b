/**
 * Converts the `openclaw.json` of openclaw@2026.9 into ours, and accounts for every line of it: carried, changed or left out.
 * It reads no file and checks nothing: whether the result is good is for who loads it.
 */
import { formatPath, type Path, type Segment } from '../path.ts';
import { json5Style, printTree } from '../print.ts';
import { defaultOrigin } from '../origin.ts';
import { partAt, type Tree } from '../tree.ts';
import { reasons, rules, sections } from './rules.ts';
import type { Placed, Source } from './secrets.ts';

export interface ImportNote {
  /** `carried`: the same value under the same name. */
  readonly kind: 'carried' | 'changed' | 'left out';
  /** In their file. */
  readonly path: string;
  readonly line: number | undefined;
  /** In ours, where it has another name. */
  readonly to?: string;
  readonly remark?: string;
}

export interface Conversion {
  /** Our file. */
  readonly text: string;
  /** In the order of their file. */
  readonly notes: readonly ImportNote[];
}

interface Walk {
  readonly source: Source;
  readonly notes: ImportNote[];
  readonly result: Map<string, Placed>;
}

/** `tree`: their file with its includes, before variables are filled in. `vendors`: providers that need not be written. */
export function convert(tree: Tree, vendors: readonly string[]): Conversion {
  const at = (path: Path): unknown => valueOf(partAt(tree, path));
  const isVendor = (name: string): boolean => vendors.includes(name);
  const hasProvider = (name: string): boolean => isVendor(name) || partAt(tree, ['models', 'providers', name]) !== undefined;
  const walk: Walk = { source: { at, isVendor, hasProvider }, notes: [], result: new Map() };
  visit(tree, [], walk);
  return { text: `${printTree(build([...walk.result.values()]), json5Style)}\n`, notes: walk.notes };
}

function visit(tree: Tree, path: Path, walk: Walk): void {
  const pattern = patternOf(path);
  const rule = path.length === 0 ? undefined : rules[pattern];
  if (rule) {
    const outcome = rule(valueOf(tree), path, walk.source);
    if (typeof outcome === 'string') leaveOut(tree, { path, remark: outcome }, walk);
    else place(tree, { path, placed: outcome }, walk);
    return;
  }
  const section = sections[pattern]?.(valueOf(tree), path, walk.source) ?? [];
  if (typeof section === 'string') return leaveOut(tree, { path, remark: section }, walk);
  place(tree, { path, placed: section }, walk);
  const below = childrenOf(tree);
  // Sections that are left out whole are named by their parts, which are what somebody wrote: a channel, an agent.
  const isKnown = Object.keys(rules).some((name) => pattern === '' || name.startsWith(`${pattern}.`));
  if (below.length > 0 && (isKnown || path.length < 2)) for (const [segment, child] of below) visit(child, [...path, segment], walk);
  else if (!isEmptySection(tree, isKnown)) leaveOut(tree, { path, remark: reasonFor(path) }, walk);
}

function isEmptySection(tree: Tree, isKnown: boolean): boolean {
  return isKnown && tree.kind !== 'scalar' && childrenOf(tree).length === 0;
}

function place(tree: Tree, { path, placed }: { path: Path; placed: readonly Placed[] }, walk: Walk): void {
  for (const one of placed) {
    const to = formatPath(one.to);
    walk.result.set(to, one);
    const isCarried = to === formatPath(path) && JSON.stringify(one.value) === JSON.stringify(valueOf(tree));
    walk.notes.push({
      kind: isCarried ? 'carried' : 'changed',
      path: formatPath(path),
      line: tree.origin.line,
      ...(to === formatPath(path) ? {} : { to }),
      ...(one.remark === undefined ? {} : { remark: one.remark }),
    });
  }
}

function leaveOut(tree: Tree, { path, remark }: { path: Path; remark: string }, walk: Walk): void {
  walk.notes.push({ kind: 'left out', path: formatPath(path), line: tree.origin.line, remark });
}

function reasonFor(path: Path): string {
  for (let length = path.length; length > 0; length--) {
    const reason = reasons[patternOf(path.slice(0, length))];
    if (reason !== undefined) return reason;
  }
  return reasons[''] ?? '';
}

/** Names that rules have `*` for: whoever wrote the file chose them. */
const chosenBelow: ReadonlySet<string> = new Set(
  Object.keys({ ...rules, ...reasons }).flatMap((name) => {
    const parts = name.split('.');
    return parts.flatMap((part, index) => (part === '*' ? [parts.slice(0, index).join('.')] : []));
  }),
);

function patternOf(path: Path): string {
  return path.reduce<string>((pattern, segment) => {
    const name = typeof segment === 'number' ? '[]' : chosenBelow.has(pattern) ? '*' : segment;
    return pattern === '' ? name : `${pattern}.${name}`;
  }, '');
}

function childrenOf(tree: Tree): [Segment, Tree][] {
  if (tree.kind === 'object') return [...tree.members].map(([name, member]) => [name, member.tree]);
  return tree.kind === 'array' ? tree.items.map((item, index) => [index, item]) : [];
}

function valueOf(tree: Tree | undefined): unknown {
  if (tree === undefined || tree.kind === 'scalar') return tree?.value;
  if (tree.kind === 'array') return tree.items.map(valueOf);
  return Object.fromEntries([...tree.members].map(([name, member]) => [name, valueOf(member.tree)]));
}

/** Puts the values together; items of lists close up where one was left out. */
function build(placed: readonly Placed[]): Tree {
  const root: Record<string, unknown> = {};
  for (const { to, value } of placed) put(root, to, value);
  return treeOf(root);
}

function put(holder: Record<string, unknown> | unknown[], path: Path, value: unknown): void {
  const [segment = '', ...rest] = path;
  const slots = holder as Record<Segment, unknown>;
  if (rest.length === 0) {
    slots[segment] = value;
    return;
  }
  slots[segment] ??= typeof rest[0] === 'number' ? [] : {};
  put(slots[segment] as Record<string, unknown>, rest, value);
}

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'array', items: value.filter((item) => item !== undefined).map(treeOf), origin: defaultOrigin };
  if (typeof value !== 'object' || value === null) {
    return { kind: 'scalar', value: value as string | number | boolean | null, origin: defaultOrigin };
  }
  const members = Object.entries(value).map(([name, part]) => [name, { keyOrigin: defaultOrigin, tree: treeOf(part) }] as const);
  return { kind: 'object', members: new Map(members), origin: defaultOrigin };
}
