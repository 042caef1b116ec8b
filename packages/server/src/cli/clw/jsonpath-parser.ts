/** Reads JSONPath templates into data; what they mean is in `jsonpath.ts`. */
import { OpenClawError } from '../../core/errors.ts';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: readonly Selector[] }
  | { readonly kind: 'range'; readonly path: readonly Selector[]; readonly parts: readonly TemplatePart[] };

export type Selector =
  | { readonly kind: 'root' }
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'indices'; readonly indices: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly by: number }
  | { readonly kind: 'descend' }
  /** Of several `&&` that are joined by `||`. */
  | { readonly kind: 'filter'; readonly any: readonly (readonly Comparison[])[] };

export interface Comparison {
  readonly left: Side;
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'exists';
  readonly right: Side | undefined;
  readonly negated: boolean;
}

type Side = { readonly path: readonly Selector[] } | { readonly literal: string | number | boolean | null };

/** @throws OpenClawError `usage_error` */
export function readTemplate(template: string): readonly TemplatePart[] {
  // kubectl takes a path without braces too.
  const text = template.includes('{') ? template : `{${template.startsWith('.') || template.startsWith('[') ? '' : '.'}${template}}`;
  const open: { parts: TemplatePart[]; path: readonly Selector[] }[] = [{ parts: [], path: [] }];
  for (const piece of piecesOf(text)) {
    const inside = open.at(-1)!;
    if (!piece.braced) inside.parts.push({ kind: 'text', text: piece.text });
    else if (/^range\s/.test(piece.text)) open.push({ parts: [], path: readPath(piece.text.slice(5).trim()) });
    else if (piece.text === 'end') {
      const closed = open.length > 1 ? open.pop()! : fail(template, 'an {end} has no {range}');
      open.at(-1)!.parts.push({ kind: 'range', ...closed });
    } else inside.parts.push(readPiece(piece.text));
  }
  if (open.length > 1) fail(template, 'a {range} has no {end}');
  return open[0]!.parts;
}

function readPiece(text: string): TemplatePart {
  if (/^["']/.test(text)) return { kind: 'text', text: unquote(text) };
  return { kind: 'path', path: readPath(text) };
}

/** Text, and what stands in braces; braces within quotes close nothing. */
function piecesOf(template: string): { readonly braced: boolean; readonly text: string }[] {
  const pieces = [...template.matchAll(/\{((?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)\}|([^{}]+)/gs)];
  const read = pieces.map(([whole]) => whole.length).reduce((sum, length) => sum + length, 0);
  if (read !== template.length) fail(template, 'a brace or a quote is not closed');
  return pieces.map(([, braced, text = '']) => (braced === undefined ? { braced: false, text } : { braced: true, text: braced.trim() }));
}

const steps = new RegExp(
  [
    String.raw`(?<root>\$)`,
    String.raw`(?<current>@)`,
    String.raw`(?<descend>\.\.)(?=[^.])`,
    String.raw`\.?\*`,
    String.raw`\.?(?<field>(?:[^.[\]\\*$@\s(){}'",=!<>&|?]|\\.)+)`,
    String.raw`\[\?\((?<filter>(?:[^"'()]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^"'()]|"[^"]*"|'[^']*')*\))*)\)\]`,
    String.raw`\[(?<inner>(?:[^"'\]]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+)\]`,
  ].join('|'),
  'ys',
);

/** @throws OpenClawError `usage_error` */
export function readPath(text: string): readonly Selector[] {
  const path: Selector[] = [];
  let at = 0;
  while (at < text.length) {
    if (text.slice(at) === '.') break;
    steps.lastIndex = at;
    const match = steps.exec(text) ?? fail(text, `at ${JSON.stringify(text.slice(at, at + 20))}`);
    const { root, current, descend, field, filter, inner } = match.groups ?? {};
    if (root !== undefined) path.push({ kind: 'root' });
    else if (descend !== undefined) path.push({ kind: 'descend' });
    else if (field !== undefined) path.push({ kind: 'fields', names: [field.replaceAll(/\\(.)/g, '$1')] });
    else if (filter !== undefined) path.push({ kind: 'filter', any: readFilter(filter) });
    else if (inner !== undefined) path.push(readBracket(inner.trim(), text));
    else if (current === undefined) path.push({ kind: 'all' });
    at += match[0].length;
  }
  return path;
}

function readBracket(inner: string, text: string): Selector {
  if (inner === '*') return { kind: 'all' };
  if (/^["']/.test(inner)) return { kind: 'fields', names: splitOutsideQuotes(inner, ',').map((name) => unquote(name.trim())) };
  const slice = /^(-?\d+)?:(-?\d+)?(?::([1-9]\d*))?$/.exec(inner);
  if (slice) return { kind: 'slice', from: numberIn(slice[1]), to: numberIn(slice[2]), by: numberIn(slice[3]) ?? 1 };
  const indices = inner.split(',').map((index) => (/^\s*-?\d+\s*$/.test(index) ? Number(index) : fail(text, `[${inner}]`)));
  return { kind: 'indices', indices };
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function readFilter(text: string): readonly (readonly Comparison[])[] {
  return splitOutsideQuotes(text, '||').map((all) => splitOutsideQuotes(all, '&&').map((one) => readComparison(one.trim())));
}

function readComparison(text: string): Comparison {
  const negated = /^!\s*@/.test(text);
  const words = negated ? text.slice(1).trim() : text;
  const match = /^((?:[^"'=!<>]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s.exec(words);
  if (!match) return { left: readSide(words), operator: 'exists', right: undefined, negated };
  const [, left = '', operator, right = ''] = match;
  return { left: readSide(left.trim()), operator: operator as Comparison['operator'], right: readSide(right.trim()), negated };
}

function readSide(text: string): Side {
  if (/^["']/.test(text)) return { literal: unquote(text) };
  if (/^[@$.]/.test(text)) return { path: readPath(text) };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { literal: Number(text) };
  const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
  return Object.hasOwn(words, text) ? { literal: words[text]! } : fail(text, 'it is neither a path nor a value');
}

function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  const parts = [''];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|&&|\|\||[^]/g)) {
    if (token === separator) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquote(text: string): string {
  const quote = text[0];
  if (text.length < 2 || text.at(-1) !== quote) fail(text, 'a quote is not closed');
  return text.slice(1, -1).replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

function fail(template: string, reason: string): never {
  throw new OpenClawError('usage_error', {
    details: {
      reason: `The jsonpath ${template} cannot be read: ${reason}`,
      suggestion: "Write it like -o jsonpath='{.spec.containers[0].image}'.",
    },
  });
}
