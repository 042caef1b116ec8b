/** Bounds of what sessions hold and hand out. */

export const sessionLimits = {
  /** Runs that wait in one session behind the one under way. */
  waitingPerSession: 16,
  messageCharacters: 400_000,
  /** Of one page of a history. */
  historyCharacters: 6 * 2 ** 20,
  /** Of the result of one call in a history; the whole is in the run. */
  itemCharacters: 4000,
  /** What a model is told of a session at most: the latest runs, and of these the latest characters. */
  saidRuns: 500,
  saidCharacters: 4_000_000,
  /** The ones that were used last stay. */
  sessions: 10_000,
  /** How long somebody who begins a session anew waits for the runs of before to end. */
  stopMs: 10_000,
  /** How long a summary that somebody asked for may take. */
  compactionMs: 10 * 60_000,
  /** Approvals that are known by their id after they were answered. */
  answeredApprovals: 1000,
} as const;

export type SessionLimits = { readonly [Name in keyof typeof sessionLimits]: number };
