/**
 * What the engine streams: output of both streams in frames, and objects of JSON line by line. Bounded: of a frame or line no more is kept than may be in one.
 *
 * A frame has a head of eight bytes: the number of the stream, three zeros, the length.
 */
import { EngineError } from './engine.ts';

export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly payload: Buffer;
}

const headBytes = 8;
const standardError = 2;
const mostFrameBytes = 2 ** 20;
const mostLineCharacters = 2 ** 20;

export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= headBytes) {
      const length = rest.readUInt32BE(4);
      if (length > mostFrameBytes) throw new EngineError(`a frame of ${length} bytes is none of output`);
      if (rest.length < headBytes + length) break;
      yield { stream: rest[0] === standardError ? 'stderr' : 'stdout', payload: rest.subarray(headBytes, headBytes + length) };
      rest = rest.subarray(headBytes + length);
    }
  }
}

export async function* readObjects(source: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of source) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > mostLineCharacters) throw new EngineError('a line of its answer is too long');
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
