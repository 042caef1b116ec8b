/** Makes text fit for every engine of the database: no NUL, no halves of characters. */

export function storable(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** A delta may end in the middle of a character; that half waits for the other. */
export function splitBeforeHalf(text: string): { readonly whole: string; readonly half: string } {
  const last = text.charCodeAt(text.length - 1);
  if (last < 0xd800 || last > 0xdbff) return { whole: text, half: '' };
  return { whole: text.slice(0, -1), half: text.slice(-1) };
}
