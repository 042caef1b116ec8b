/**
 * Changes one setting in the text of a configuration, and nothing else: comments, order and formatting stay.
 * It does not check whether the result is a good configuration, and does not write files.
 */
import type * as momoa from '@humanwhocodes/momoa';

import { OpenClawError } from '../core/errors.ts';
import { formatPath, type Path, type Segment } from './path.ts';
import { json5Style, printName, printTree, type Style } from './print.ts';
import type { Parser, Tree } from './tree.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Source {
  readonly text: string;
  readonly document: momoa.DocumentNode;
  readonly style: Style;
}

/** What stands between braces or brackets: members or elements, the last of them, and where all begins. */
type Container = momoa.ObjectNode | momoa.ArrayNode;

/**
 * Sets the value at `path`; objects on the way are made. `text` must be valid JSON5, or blank.
 * @throws OpenClawError `usage_error` when the path leads through something that is no object or list.
 */
export function setInText(text: string, change: { path: Path; value: Tree; parser: Parser }): string {
  const { path, value, parser } = change;
  const source = readSource(text.trim() === '' ? '{\n}\n' : text, parser);
  let node: momoa.ValueNode = source.document.body;
  for (const [depth, segment] of path.entries()) {
    const child = childOf(node, segment);
    if (!child) {
      const position = { path: path.slice(0, depth), segment, rest: path.slice(depth + 1) };
      return apply(source.text, insertion(source, node, { ...position, value }));
    }
    node = child.value;
  }
  const margin = marginAt(source.text, startOf(node));
  return apply(source.text, [{ start: startOf(node), end: endOf(node), text: printTree(value, source.style, margin) }]);
}

/** Sets values that stand in the text already, all of them at once. What does not stand there is passed over. */
export function replaceInText(
  text: string,
  { replacements, parser }: { replacements: readonly { readonly path: Path; readonly value: Tree }[]; parser: Parser },
): string {
  if (replacements.length === 0) return text;
  const source = readSource(text, parser);
  const edits = replacements.flatMap(({ path, value }): Edit[] => {
    const node = nodeAt(source.document.body, path);
    if (!node) return [];
    return [{ start: startOf(node), end: endOf(node), text: printTree(value, source.style, marginAt(text, startOf(node))) }];
  });
  return apply(
    text,
    edits.toSorted((a, b) => a.start - b.start),
  );
}

/** Takes the setting at `path` out; undefined when it does not stand in this text. Comments stay. */
export function unsetInText(text: string, change: { path: Path; parser: Parser }): string | undefined {
  if (text.trim() === '' || change.path.length === 0) return undefined;
  const source = readSource(text, change.parser);
  let node: momoa.ValueNode = source.document.body;
  let removed: momoa.MemberNode | momoa.ElementNode | undefined;
  let container: Container | undefined;
  for (const segment of change.path) {
    const child = childOf(node, segment);
    if (!child || (node.type !== 'Object' && node.type !== 'Array')) return undefined;
    [container, removed, node] = [node, child, child.value];
  }
  return container && removed && apply(text, removal(source, container, removed));
}

function readSource(text: string, parser: Parser): Source {
  const document = parser.parse(text, { mode: 'json5', ranges: true, tokens: true });
  return { text, document, style: styleOf(text, document) };
}

/** The manner of a text: what its first names look like, and whether it would pass as strict JSON. */
function styleOf(text: string, document: momoa.DocumentNode): Style {
  const tokens = document.tokens ?? [];
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const { body } = document;
  const first = body.type === 'Object' ? body.members[0] : undefined;
  const margin = first ? marginAt(text, startOf(first)) : '';
  const indent = margin === '' ? json5Style.indent : margin;
  const isText = (token: momoa.Token): boolean => token.type === 'String';
  const isJson5Only = (token: momoa.Token, index: number): boolean =>
    token.type === 'Identifier' || (isText(token) && text[startOf(token)] === "'") || (token.type === 'Comma' && closes(tokens[index + 1]));
  if (!first || tokens.some(isJson5Only)) {
    const isDouble = tokens.some(isText) && !tokens.some((token) => isText(token) && text[startOf(token)] === "'");
    return { ...json5Style, quote: isDouble ? '"' : "'", bareNames: !first || first.name.type === 'Identifier', indent, newline };
  }
  return { quote: '"', bareNames: false, trailingComma: false, indent, newline };
}

function insertion(source: Source, node: momoa.ValueNode, what: { path: Path; segment: Segment; rest: Path; value: Tree }): Edit[] {
  const { path, segment, rest, value } = what;
  const isFitting = node.type === 'Object' ? typeof segment === 'string' : node.type === 'Array' && segment === node.elements.length;
  if (!isFitting || (node.type !== 'Object' && node.type !== 'Array')) throw cannotHold(path, segment, node);
  const last = itemsOf(node).at(-1);
  const isOwnLine = last !== undefined && marginAt(source.text, startOf(last)).length === columnOf(source.text, startOf(last));
  const outer = marginAt(source.text, startOf(node));
  const margin = isOwnLine && last ? marginAt(source.text, startOf(last)) : outer + source.style.indent;
  const content = printTree(wrap(rest, value), source.style, last && !isOwnLine ? outer : margin);
  const item = typeof segment === 'string' ? `${printName(segment, source.style)}: ${content}` : content;
  return last
    ? insertAfter(source, last, { item, margin: isOwnLine ? margin : undefined })
    : insertFirst(source, node, { item, margin, outer });
}

function insertFirst(source: Source, node: Container, { item, margin, outer }: { item: string; margin: string; outer: string }): Edit[] {
  const { newline, trailingComma } = source.style;
  const start = startOf(node) + 1;
  const isOneLine = !source.text.slice(start, endOf(node)).includes('\n');
  const end = isOneLine ? newline + outer : '';
  return [{ start, end: start, text: `${newline}${margin}${item}${trailingComma ? ',' : ''}${end}` }];
}

/** `margin` is given where every item has a line of its own. */
function insertAfter(source: Source, last: momoa.AnyNode, { item, margin }: { item: string; margin: string | undefined }): Edit[] {
  const comma = tokenAfter(source, endOf(last));
  const hasComma = comma?.type === 'Comma';
  const lead = margin === undefined ? ' ' : source.style.newline + margin;
  const after = hasComma && comma ? endOf(comma) : endOf(last);
  const point = margin === undefined ? after : endOfRemarks(source, after);
  const added = { start: point, end: point, text: `${lead}${item}${hasComma ? ',' : ''}` };
  return hasComma ? [added] : [{ start: endOf(last), end: endOf(last), text: ',' }, added];
}

/** Behind the comments that stand on the same line: they speak of what is before them. */
function endOfRemarks(source: Source, offset: number): number {
  let end = offset;
  for (const token of source.document.tokens ?? []) {
    if (startOf(token) < offset) continue;
    const isRemark = token.type === 'LineComment' || token.type === 'BlockComment';
    if (!isRemark || source.text.slice(end, endOf(token)).includes('\n')) break;
    end = endOf(token);
  }
  return end;
}

function removal(source: Source, container: Container, removed: momoa.AnyNode): Edit[] {
  const [start, end] = [startOf(removed), endOf(removed)];
  const next = tokenAfter(source, end);
  if (next?.type === 'Comma') {
    const isClose = source.text.slice(end, startOf(next)).trim() === '';
    if (isClose) return [cut(widen(source.text, start, endOf(next)))];
    return [cut({ start, end }), cut({ start: startOf(next), end: endOf(next) })];
  }
  const items = itemsOf(container);
  const before = items[items.findIndex((item) => startOf(item) === start) - 1];
  const comma = before && tokenAfter(source, endOf(before));
  // It was the last, and strict JSON must not keep the comma before it.
  return comma
    ? [cut({ start: startOf(comma), end: endOf(comma) }), cut(widen(source.text, start, end))]
    : [cut(widen(source.text, start, end))];
}

/** Takes the whole line along where nothing else stands on it, and otherwise the blanks behind. */
function widen(text: string, start: number, end: number): { start: number; end: number } {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const restStart = end + (/^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0);
  const newline = /^\r?\n/.exec(text.slice(restStart))?.[0];
  if (newline !== undefined && text.slice(lineStart, start).trim() === '') return { start: lineStart, end: restStart + newline.length };
  return { start, end: restStart };
}

function cut({ start, end }: { start: number; end: number }): Edit {
  return { start, end, text: '' };
}

/** From the back to the front, so that places stay right; of two at one place the first stays in front. */
function apply(text: string, edits: readonly Edit[]): string {
  return edits.toReversed().reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text);
}

/** What the rest of a path needs around the value. */
function wrap(rest: Path, value: Tree): Tree {
  const { origin } = value;
  return rest.toReversed().reduce<Tree>((tree, segment) => {
    if (typeof segment === 'string') return { kind: 'object', members: new Map([[segment, { keyOrigin: origin, tree }]]), origin };
    if (segment === 0) return { kind: 'array', items: [tree], origin };
    throw new OpenClawError('usage_error', {
      details: { reason: `a new list begins with [0], not [${segment}]`, suggestion: 'Set the items in their order, or the whole list.' },
    });
  }, value);
}

function cannotHold(path: Path, segment: Segment, node: momoa.ValueNode): OpenClawError {
  const name = path.length === 0 ? 'the configuration' : formatPath(path);
  const what = node.type === 'Array' ? `a list of ${node.elements.length}` : node.type === 'Object' ? 'an object' : 'a single value';
  const reason = `${name} is ${what}, and has no place for ${formatPath([segment])}`;
  return new OpenClawError('usage_error', { details: { reason, suggestion: `\`openclaw config get ${formatPath(path)}\` shows it.` } });
}

function nodeAt(root: momoa.ValueNode, path: Path): momoa.ValueNode | undefined {
  let node: momoa.ValueNode | undefined = root;
  for (const segment of path) node = node && childOf(node, segment)?.value;
  return node;
}

function childOf(node: momoa.ValueNode, segment: Segment): momoa.MemberNode | momoa.ElementNode | undefined {
  if (node.type === 'Array') return typeof segment === 'number' ? node.elements[segment] : undefined;
  if (node.type !== 'Object') return undefined;
  return node.members.find(({ name }) => (name.type === 'Identifier' ? name.name : name.value) === segment);
}

function itemsOf(container: Container): readonly (momoa.MemberNode | momoa.ElementNode)[] {
  return container.type === 'Object' ? container.members : container.elements;
}

/** The first token at or behind `offset` that is no comment. */
function tokenAfter({ document }: Source, offset: number): momoa.Token | undefined {
  return document.tokens?.find((token) => startOf(token) >= offset && token.type !== 'LineComment' && token.type !== 'BlockComment');
}

function closes(token: momoa.Token | undefined): boolean {
  return token?.type === 'RBrace' || token?.type === 'RBracket';
}

/** The blanks at the beginning of the line on which `offset` is. */
function marginAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset))?.[0] ?? '';
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function startOf(node: momoa.AnyNode | momoa.Token): number {
  return node.loc.start.offset;
}

function endOf(node: momoa.AnyNode | momoa.Token): number {
  return node.loc.end.offset;
}
