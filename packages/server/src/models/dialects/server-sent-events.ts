/**
 * Server-sent events, from bytes to events, as the HTML standard defines them, with one addition: each event keeps the
 * bytes it was made of, so that a stream can be passed on byte for byte.
 *
 * It does not interpret data: see the dialects.
 */

export interface ServerSentEvent {
  /** `event:`, or `message` where there was none. */
  readonly name: string;
  /** `data:` lines joined by a line feed; `undefined` for a block of comments only. */
  readonly data: string | undefined;
  /** Every byte of the event with its blank line at the end. */
  readonly raw: Buffer;
}
