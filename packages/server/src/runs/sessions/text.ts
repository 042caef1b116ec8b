/** Makes text fit for every engine of the database: no NUL, no halves of characters. */

export function storable(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}
