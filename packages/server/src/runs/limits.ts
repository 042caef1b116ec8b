/** Bounds of what turns and sessions hold, in memory and in the database. */

export const turnDefaults = {
  /** Turns of all sessions that have not ended. More are refused: a queue of minutes helps nobody. */
  turns: 256,
  /** Turns that wait in one session behind the one under way. */
  waitingPerSession: 16,
  messageCharacters: 400_000,
  answerCharacters: 1_000_000,
  timeoutMs: 10 * 60_000,
  maxTimeoutMs: 24 * 60 * 60_000,
  /** What a model is given of the conversation: about 50,000 tokens. */
  windowCharacters: 200_000,
  windowMessages: 200,
  /** Of one page of a history. */
  historyCharacters: 6 * 2 ** 20,
  /** A streamed answer is written, and then shown, no more often, and a long one less often; the first words at once. */
  commitEveryMs: 50,
  /** Those before them are forgotten. */
  messagesPerSession: 2_000,
  /** The ones that were used last stay. */
  sessions: 10_000,
  /** How long an ended turn can be asked for by its id. */
  turnDays: 7,
  /** Ended turns that are kept; the latest stay. */
  endedTurns: 100_000,
} as const;

export type TurnLimits = { readonly [Name in keyof typeof turnDefaults]: number };
