/**
 * How many tokens a text is, roughly: by how the tokenizers of today's models cut words, numbers and signs, without their tables. Those
 * would take 70 MB of memory and seconds for a text that is one long word; what a model really counts is learnt from its answers
 * (`token-counter.ts`).
 *
 * It leans to too many: too few would be refused by the provider.
 */

/** Longer words are cut into pieces of about `longPieceLetters`. */
const wholeWordLetters = 6;
const longPieceLetters = 3.7;
const capitalsPerToken = 2.6;
const digitsPerToken = 3;
const signsPerToken = 2;
/** The same sign again and again, as in rules and indents. */
const repeatsPerToken = 16;

/** Kinds of characters, as small numbers: this is read for each character of every conversation. */
const lower = 0;
const upper = 1;
const digit = 2;
const space = 3;
const lineBreak = 4;
const sign = 5;
/** Letters with accents, Greek, Cyrillic, Hebrew, Arabic: words of a few pieces. */
const alphabetic = 6;

/** Where scripts begin in which a letter or two are a token. */
const firstBeyondAlphabets = 0x900;

const kinds = Uint8Array.from({ length: firstBeyondAlphabets }, (_, code) => {
  if (code >= 97 && code <= 122) return lower;
  if (code >= 65 && code <= 90) return upper;
  if (code >= 48 && code <= 57) return digit;
  if (code === 32) return space;
  if (code >= 128) return alphabetic;
  return code < 32 || code === 127 ? lineBreak : sign;
});

/** @returns a whole number; 0 for no text */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let start = 0;
  while (start < text.length) {
    const code = text.charCodeAt(start);
    if (code >= firstBeyondAlphabets) {
      tokens += tokensOfSymbol(code);
      start += 1;
      continue;
    }
    const kind = kinds[code] ?? sign;
    const end = endOfRun(text, start, kind);
    tokens += tokensOfRun(text, { start, end, kind });
    start = end;
  }
  return Math.ceil(tokens);
}

interface Run {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
}

function tokensOfRun(text: string, { start, end, kind }: Run): number {
  const length = end - start;
  switch (kind) {
    case lower: {
      // A capital before it is its first letter.
      const letters = startsWithCapital(text, start) ? length + 1 : length;
      return letters <= wholeWordLetters ? 1 : 1 + (letters - wholeWordLetters) / longPieceLetters;
    }
    case upper:
      return length === 1 && kindAt(text, end) === lower ? 0 : Math.ceil(length / capitalsPerToken);
    case digit:
      return Math.ceil(length / digitsPerToken);
    case space:
      // One before a word is part of it, one before a number is not.
      if (length === 1) return kindAt(text, end) === digit ? 1 : 0;
      return 1 + length / (4 * repeatsPerToken);
    case lineBreak:
      return 1 + length / (4 * repeatsPerToken);
    case alphabetic:
      return 0.9 + (length - 1) / 2.8;
    default:
      return length > 4 && isOneSign(text, start, end) ? 1 + length / repeatsPerToken : Math.ceil(length / signsPerToken);
  }
}

function startsWithCapital(text: string, start: number): boolean {
  return start > 0 && kindAt(text, start - 1) === upper && (start === 1 || kindAt(text, start - 2) !== upper);
}

function kindAt(text: string, at: number): number | undefined {
  return kinds[text.charCodeAt(at)];
}

function endOfRun(text: string, start: number, kind: number): number {
  let end = start + 1;
  // Indents belong to the line break before them.
  while (end < text.length && (kinds[text.charCodeAt(end)] === kind || (kind === lineBreak && text.charCodeAt(end) === 32))) end += 1;
  return end;
}

/** Of one UTF-16 code unit beyond the alphabets. */
function tokensOfSymbol(code: number): number {
  if (code < 0x1100) return 0.6;
  return code >= 0xd800 && code <= 0xdfff ? 1.3 : 1;
}

function isOneSign(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start);
  for (let at = start + 1; at < end; at += 1) if (text.charCodeAt(at) !== first) return false;
  return true;
}
