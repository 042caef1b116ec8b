/** Somebody sent what nobody can be made out to have sent. Why is for the log alone: all of them are answered alike. */

export class HookRefused extends Error {
  override readonly name = 'HookRefused' as const;
  /** There was a signature, and it does not hold: it counts as an attempt to guess. */
  readonly isGuess: boolean;

  constructor(reason: string, isGuess = false) {
    super(reason);
    this.isGuess = isGuess;
  }
}
