/** Hands a kept answer to a client that asked the same: as a valid stream or as a whole, in the client's own form. */
import type { CachedAnswer } from './cache.ts';
import { encoderFor, type ReadContext } from './read-answer.ts';

export async function replay(
  { events }: CachedAnswer,
  context: Pick<ReadContext, 'answer' | 'clock' | 'incoming' | 'stored'>,
): Promise<void> {
  const { answer, incoming } = context;
  const encoder = encoderFor(context);
  if (incoming.stream) answer.endStream(encoder.stream(events));
  else answer.endWhole(JSON.stringify(encoder.whole(events)));
}
