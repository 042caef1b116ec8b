/**
 * What a person would read of a page of HTML, roughly: no scripts, no styles, no tags. One pass over the text, without
 * a parser: a page that is not well formed gives worse text, never an error, and never more than linear work.
 */

const skipped: ReadonlySet<string> = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head']);
const breaking: ReadonlySet<string> = new Set(
  'p div br li ul ol tr table section article header footer main nav aside h1 h2 h3 h4 h5 h6 pre blockquote hr dt dd form option title'.split(
    ' ',
  ),
);

export function textOfHtml(html: string): string {
  const pieces: string[] = [];
  let position = 0;
  while (position < html.length) {
    const open = html.indexOf('<', position);
    if (open === -1) {
      pieces.push(decodeEntities(html.slice(position)));
      break;
    }
    pieces.push(decodeEntities(html.slice(position, open)));
    if (html.startsWith('<!--', open)) {
      position = after(html, '-->', open + 4);
      continue;
    }
    const end = after(html, '>', open);
    const name = /^<\/?([a-zA-Z][a-zA-Z0-9]{0,20})/.exec(html.slice(open, open + 24))?.[1]?.toLowerCase() ?? '';
    position = end;
    if (skipped.has(name) && html[open + 1] !== '/') {
      position = name === 'head' ? skipHead(html, end, pieces) : afterElement(html, name, end);
    } else if (breaking.has(name)) {
      pieces.push(name === 'li' && html[open + 1] !== '/' ? '\n- ' : '\n');
    }
  }
  return tidy(pieces.join(''));
}

/** Of the head, the title alone. */
function skipHead(html: string, start: number, pieces: string[]): number {
  const end = afterElement(html, 'head', start);
  const title = /<title[^>]{0,200}>([^<]{0,1000})/i.exec(html.slice(start, Math.min(end, start + 100_000)))?.[1];
  if (title !== undefined) pieces.push(decodeEntities(title), '\n');
  return end;
}

function after(html: string, what: string, from: number): number {
  const found = html.indexOf(what, from);
  return found === -1 ? html.length : found + what.length;
}

function afterElement(html: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}\\b`, 'gi');
  closing.lastIndex = from;
  const found = closing.exec(html);
  return found === null ? html.length : after(html, '>', found.index);
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
};

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#?[a-zA-Z0-9]{2,10});/g, (whole, name: string) => entities[name] ?? characterOf(name) ?? whole);
}

/** `#233` and `#xe9`. */
function characterOf(name: string): string | undefined {
  const digits = /^#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}))$/.exec(name);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number.parseInt(digits[2] ?? '', 16) : Number(digits[1]);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined;
}

function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/[ \t\r\f\u00a0]+/g, ' ').trim());
  return lines
    .filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''))
    .join('\n')
    .trim();
}
