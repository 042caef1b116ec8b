/**
 * Reads the part of Markdown that models write: paragraphs, headings, lists, quotes, tables, code, emphasis, links. Makes data and no HTML, so what a
 * text says can never become a part of the page.
 *
 * Text that is still coming is read as far as it is there: a code block without its end is one. What looks like HTML is text.
 */
export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'struck'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly children: readonly Inline[] };

export interface ListItem {
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'list'; readonly start: number | undefined; readonly items: readonly ListItem[] }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'table'; readonly head: readonly Cell[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'rule' };

type Cell = readonly Inline[];

const fence = /^( *)(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const heading = /^(#{1,6})\s+(.*?)\s*#*$/;
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const quote = /^ {0,3}> ?/;
const item = /^( *)([-*+]|\d{1,9}[.)])(\s+|$)/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
/** Deeper than this nobody reads, and each level costs a call. */
const depthLimit = 8;

export function readMarkdown(text: string): readonly Block[] {
  return readBlocks(text.split(/\r?\n/), 0);
}

/** The lines that are left, of which each kind of block takes its own from the front. */
class Lines {
  readonly #lines: readonly string[];
  #next = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  get current(): string | undefined {
    return this.#lines[this.#next];
  }

  get following(): string | undefined {
    return this.#lines[this.#next + 1];
  }

  take(): string {
    const line = this.#lines[this.#next] ?? '';
    this.#next += 1;
    return line;
  }

  takeWhile(fits: (line: string) => boolean): string[] {
    const taken: string[] = [];
    while (this.current !== undefined && fits(this.current)) taken.push(this.take());
    return taken;
  }
}

function readBlocks(source: readonly string[], depth: number): Block[] {
  const lines = new Lines(source);
  const blocks: Block[] = [];
  while (lines.current !== undefined) {
    if (lines.current.trim() === '') lines.take();
    else blocks.push(readBlock(lines, depth));
  }
  return blocks;
}

function readBlock(lines: Lines, depth: number): Block {
  const line = lines.current ?? '';
  if (fence.test(line)) return readCode(lines);
  const title = heading.exec(line);
  if (title) {
    lines.take();
    return { kind: 'heading', level: title[1]?.length ?? 1, children: readInline(title[2] ?? '') };
  }
  if (rule.test(line)) {
    lines.take();
    return { kind: 'rule' };
  }
  if (depth < depthLimit && quote.test(line)) {
    const quoted = lines.takeWhile((next) => next.trim() !== '').map((next) => next.replace(quote, ''));
    return { kind: 'quote', blocks: readBlocks(quoted, depth + 1) };
  }
  if (depth < depthLimit && item.test(line)) return readList(lines, depth);
  if (line.includes('|') && tableRule.test(lines.following ?? '') && (lines.following ?? '').includes('-')) return readTable(lines);
  const first = lines.take();
  const rest = lines.takeWhile((next) => next.trim() !== '' && !beginsBlock(next));
  return { kind: 'paragraph', children: readInline([first, ...rest].map((next) => next.trim()).join('\n')) };
}

function beginsBlock(line: string): boolean {
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);
}

function readCode(lines: Lines): Block {
  const [, indent = '', mark = '```', language = ''] = fence.exec(lines.take()) ?? [];
  const isEnd = (line: string): boolean => line.trim().startsWith(mark) && line.trim().replaceAll(mark.charAt(0), '') === '';
  const text = lines
    .takeWhile((line) => !isEnd(line))
    .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()));
  lines.take();
  return { kind: 'code', language, text: text.join('\n') };
}

function readList(lines: Lines, depth: number): Block {
  const [, indent = '', mark = '-'] = item.exec(lines.current ?? '') ?? [];
  const isOrdered = /\d/.test(mark);
  const items: ListItem[] = [];
  for (;;) {
    const found = item.exec(lines.current ?? '');
    if (!found || (found[1] ?? '').length !== indent.length || /\d/.test(found[2] ?? '') !== isOrdered) break;
    const width = found[0].length;
    const own = [lines.take().slice(width)];
    // What is indented belongs to the item; an empty line ends it only where something else follows.
    own.push(
      ...lines
        .takeWhile((line) =>
          line.trim() === '' ? belongs(lines.following, indent.length) : indentOf(line) > indent.length || isLazy(line),
        )
        .map((line) => line.slice(Math.min(width, indentOf(line)))),
    );
    items.push({ blocks: readBlocks(own, depth + 1) });
    if (lines.current?.trim() === '' && item.test(lines.following ?? '')) lines.take();
  }
  const start = isOrdered ? Number.parseInt(mark, 10) : undefined;
  return { kind: 'list', start, items };
}

const belongs = (following: string | undefined, indent: number): boolean =>
  following !== undefined && following.trim() !== '' && indentOf(following) > indent;
const indentOf = (line: string): number => line.length - line.trimStart().length;
/** A paragraph that goes on without its indent. */
const isLazy = (line: string): boolean => line.trim() !== '' && indentOf(line) === 0 && !beginsBlock(line);

function readTable(lines: Lines): Block {
  const cells = (line: string): Cell[] =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => readInline(cell.trim().replaceAll(String.raw`\|`, '|')));
  const head = cells(lines.take());
  lines.take();
  const rows = lines.takeWhile((line) => line.includes('|')).map((line) => cells(line).slice(0, head.length));
  return { kind: 'table', head, rows };
}

/** In the order in which they are looked for at one place. Each is bounded, so that no text takes long. */
const inlines = [
  {
    pattern: /(`+)([^`]|[^`][\s\S]{0,4000}?[^`])\1(?!`)/y,
    make: ([, , code = '']: string[]): Inline => ({ kind: 'code', text: code.trim() }),
  },
  {
    pattern: /\[([^[\]]{1,500})\]\(\s*<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200})?)>?(?:\s+"[^"]{0,300}")?\s*\)/y,
    make: ([whole = '', label = '', href = '']: string[]): Inline =>
      isSafe(href) ? { kind: 'link', href, children: readInline(label) } : { kind: 'text', text: whole },
  },
  {
    pattern: /<?(https?:\/\/[^\s<>"'`]{1,2000}[^\s<>"'`.,;:!?)\]*_])>?/y,
    make: ([, href = '']: string[]): Inline => ({ kind: 'link', href, children: [{ kind: 'text', text: href }] }),
  },
  {
    pattern: /\*\*(?=\S)([\s\S]{0,2000}?\S)\*\*(?!\*)/y,
    make: ([, inner = '']: string[]): Inline => ({ kind: 'strong', children: readInline(inner) }),
  },
  {
    pattern: /__(?=\S)([\s\S]{0,2000}?\S)__(?!\w)/y,
    make: ([, inner = '']: string[]): Inline => ({ kind: 'strong', children: readInline(inner) }),
  },
  {
    pattern: /~~(?=\S)([\s\S]{0,2000}?\S)~~/y,
    make: ([, inner = '']: string[]): Inline => ({ kind: 'struck', children: readInline(inner) }),
  },
  {
    pattern: /\*(?=[^\s*])([^*]{0,2000}?[^\s*])\*(?!\*)/y,
    make: ([, inner = '']: string[]): Inline => ({ kind: 'emphasis', children: readInline(inner) }),
  },
  {
    pattern: /(?<![\w_])_(?=[^\s_])([^_]{0,2000}?[^\s_])_(?!\w)/y,
    make: ([, inner = '']: string[]): Inline => ({ kind: 'emphasis', children: readInline(inner) }),
  },
  { pattern: /\\([\\`*_{}[\]()#+.!|~>-])/y, make: ([, character = '']: string[]): Inline => ({ kind: 'text', text: character }) },
] as const;

/** Where something other than text may begin. */
const marks = /[`[<h*_~\\]/g;

function readInline(text: string): readonly Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  const addText = (to: number): void => {
    if (to > from) parts.push({ kind: 'text', text: text.slice(from, to) });
  };
  for (marks.lastIndex = 0; ;) {
    const at = nextMark(text, from, parts.length);
    if (at === undefined) break;
    addText(at.index);
    parts.push(at.part);
    from = at.end;
  }
  addText(text.length);
  return parts;
}

/** Beyond this a text is no longer looked through: what follows is shown as it is. */
const partsLimit = 5000;

function nextMark(text: string, from: number, count: number): { index: number; end: number; part: Inline } | undefined {
  if (count > partsLimit) return undefined;
  const search = new RegExp(marks);
  search.lastIndex = from;
  for (let found = search.exec(text); found; found = search.exec(text)) {
    for (const { pattern, make } of inlines) {
      pattern.lastIndex = found.index;
      const match = pattern.exec(text);
      if (match) return { index: found.index, end: found.index + match[0].length, part: make([...match].map((group) => group ?? '')) };
    }
  }
  return undefined;
}

/** Addresses that can only lead somewhere: no scripts, no data, nothing of the page itself. */
function isSafe(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href);
}
