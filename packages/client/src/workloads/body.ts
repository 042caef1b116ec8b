/** Bodies of answers: as text up to a bound, and as lines while they come. */

const lineLimitCharacters = 16 * 2 ** 20;

/** What is longer is cut. */
export async function readText(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    pieces.push(decoder.decode(piece, { stream: true }));
    if (length > limitBytes) return { text: pieces.join(''), whole: false };
  }
  return { text: pieces.join('') + decoder.decode(), whole: true };
}

/** Without their ends; a last one that the answer broke off counts as one. @throws RangeError for a line beyond any reason */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLimitCharacters) throw new RangeError(`a line is longer than ${lineLimitCharacters} characters`);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
