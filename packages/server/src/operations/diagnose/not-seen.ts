/** What a lookout throws where there is no answer: nothing of that name, no permission, nobody there. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen';
  /** `missing` says that it looked and there is none. */
  readonly reason: 'missing' | 'forbidden' | 'unreachable' | 'refused';

  constructor(reason: NotSeen['reason'], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
