/** Takes the middle out of a long text and says how much of it: the beginning tells what it is, the end how it came out. */

/** Of what is left, this share is its beginning. */
const headShare = 2 / 3;

/** @returns the text itself where it is no longer than `limitCharacters`, else at most that and the marker */
export function shortenText(text: string, limitCharacters: number): string {
  if (text.length <= limitCharacters) return text;
  const headCharacters = Math.ceil(limitCharacters * headShare);
  const head = withoutHalf(text.slice(0, headCharacters));
  const tail = withoutFirstHalf(text.slice(text.length - (limitCharacters - headCharacters)));
  const shortened = `${head}\n[… ${text.length - head.length - tail.length} characters left out …]\n${tail}`;
  return shortened.length < text.length ? shortened : text;
}

/** A cut may fall into the middle of a character. */
function withoutHalf(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}

function withoutFirstHalf(text: string): string {
  const first = text.charCodeAt(0);
  return first >= 0xdc00 && first <= 0xdfff ? text.slice(1) : text;
}
