/** Writes a value as JSON5, or as strict JSON, in the manner of the file that it goes into. */
import type { ScalarTree, Tree } from './tree.ts';

export interface Style {
  readonly quote: "'" | '"';
  /** Names without quotes where they need none. */
  readonly bareNames: boolean;
  readonly trailingComma: boolean;
  /** One level. */
  readonly indent: string;
  readonly newline: string;
}

export const json5Style: Style = { quote: "'", bareNames: true, trailingComma: true, indent: '  ', newline: '\n' };

/** Lists of short values stay on one line up to this width. */
const lineWidth = 80;

/** `margin` is the indentation of the line on which the value begins. */
export function printTree(tree: Tree, style: Style, margin = ''): string {
  if (tree.kind === 'scalar') return printScalar(tree.value, style);
  const [open, close] = tree.kind === 'array' ? (['[', ']'] as const) : (['{', '}'] as const);
  const inner = margin + style.indent;
  const parts = tree.kind === 'array' ? tree.items.map((item) => printTree(item, style, inner)) : printMembers(tree.members, style, inner);
  if (parts.length === 0) return open + close;
  const line = `[${parts.join(', ')}]`;
  if (tree.kind === 'array' && line.length <= lineWidth && tree.items.every((item) => item.kind === 'scalar')) return line;
  const lines = parts.map((part) => style.newline + inner + part).join(',');
  return `${open}${lines}${style.trailingComma ? ',' : ''}${style.newline}${margin}${close}`;
}

export function printName(name: string, style: Style): string {
  return style.bareNames && /^[A-Za-z_$][\w$]*$/.test(name) ? name : printScalar(name, style);
}

function printMembers(members: ReadonlyMap<string, { readonly tree: Tree }>, style: Style, margin: string): string[] {
  return [...members].map(([name, member]) => `${printName(name, style)}: ${printTree(member.tree, style, margin)}`);
}

function printScalar(value: ScalarTree['value'], style: Style): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  const json = JSON.stringify(value).replace(/[\u2028\u2029]/g, (separator) => `\\u${separator.charCodeAt(0).toString(16)}`);
  if (typeof value !== 'string' || style.quote === '"') return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
