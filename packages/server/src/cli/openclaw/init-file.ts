/**
 * How a configuration that explains itself is written: every setting with a comment above it, in JSON5. Which settings and which words is in
 * `init-preset.ts`; nothing is read or written here.
 */

/** A setting, a group of them, or an item of a list, with what it does and when to change it. */
export interface Entry {
  /** Absent for an item of a list. */
  readonly name?: string;
  readonly note: string;
  /** As it stands in the file. Absent for a group. */
  readonly value?: string;
  readonly children?: readonly Entry[];
  /** The children are items of a list. */
  readonly isList?: boolean;
  /** Shown as a comment, for whoever needs it. */
  readonly isOff?: boolean;
}

const lineWidth = 120;

/** @param includeOff also what is off is written as if it held, which shows that it would */
export function renderFile(introduction: string, entries: readonly Entry[], { includeOff = false } = {}): string {
  const body = entries.map((entry) => renderEntry(entry, '  ', includeOff)).join('\n');
  return `${comment(introduction, '')}{\n${body}}\n`;
}

function renderEntry(entry: Entry, indent: string, includeOff: boolean): string {
  const { name, note, value, children = [], isList = false, isOff = false } = entry;
  const key = name === undefined ? '' : `${name}: `;
  const off = isOff && !includeOff ? '// ' : '';
  if (value !== undefined) return `${comment(note, indent)}${indent}${off}${key}${value},\n`;
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const inner = children.map((child) => renderEntry(child, `${indent}  `, includeOff)).join('');
  return `${comment(note, indent)}${indent}${key}${open}\n${inner}${indent}${close},\n`;
}

function comment(text: string, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || indent.length + 3 + last.length + 1 + word.length > lineWidth) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${indent}// ${line}\n`).join('');
}

export interface FlatEntry {
  readonly path: string;
  readonly value: string;
  readonly note: string;
}

/** The settings that have a value, by their paths, in the order of the file; a list is one value. */
export function flatten(entries: readonly Entry[], prefix = ''): FlatEntry[] {
  return entries.flatMap(({ name = '', note, value, children = [], isList = false, isOff = false }) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isList) return [{ path, value: `[${children.map((child) => child.value ?? '').join(', ')}]`, note }];
    if (value === undefined) return flatten(children, path);
    return [{ path, value: isOff ? 'off' : value, note }];
  });
}
