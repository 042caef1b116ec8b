/** How a provider writes answers: one object for each wire format. They are written after the formats' documentation, and of `src` use only the frames of AWS's codec. */
import type { Answer, Counts } from '../conversation.ts';

export interface Wire {
  /** Of a stream. */
  readonly contentType: string;
  /** Reasons for ending without a tool call, in the words of the format. */
  readonly finishes: readonly string[];
  whole(answer: Answer): object;
  /** Parts of the stream, the last of which ends it. */
  stream(answer: Answer): readonly (string | Buffer)[];
  /** An error in a stream. */
  failure(): string | Buffer;
  /** The body of a refusal. */
  refusal(status: number): object;
}

export const model = 'the-model-2026';

export function finishOf({ finishes }: Pick<Wire, 'finishes'>, { finish }: Answer): string {
  return finishes[finish % finishes.length] ?? '';
}

export function event(payload: object, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(payload)}\n\n`;
}

/** A text in two pieces, as arguments arrive; characters stay whole. */
export function halves(text: string): string[] {
  const characters = Array.from(text);
  const middle = Math.ceil(characters.length / 2);
  return [characters.slice(0, middle).join(''), characters.slice(middle).join('')].filter((piece) => piece !== '');
}

export function allInput({ uncached, cacheRead, cacheWrite }: Counts): number {
  return uncached + cacheRead + cacheWrite;
}
