/** The bounds of schedules. */

export interface ScheduleLimits {
  /** How many there may be. @default 200 */
  readonly schedules: number;
  /** How many firings of each are remembered. @default 1000 */
  readonly firings: number;
  /** Later than this a time counts as missed, where it is not to be made up for. @default an hour */
  readonly lateMs: number;
  /** The clock is looked at no more rarely, for it may be set, and the machine may have slept. @default a minute */
  readonly lookMs: number;
  /** Before a run that could not be begun now is tried again. @default 10 seconds */
  readonly retryMs: number;
  /** Longer than this it is not tried. @default an hour */
  readonly beginMs: number;
  /** Of a name, in characters. @default 100 */
  readonly nameCharacters: number;
  /** Of a message, in characters. @default 400,000 */
  readonly messageCharacters: number;
}

export const scheduleLimits: ScheduleLimits = {
  ...{ schedules: 200, firings: 1000 },
  ...{ lateMs: 3_600_000, lookMs: 60_000, retryMs: 10_000, beginMs: 3_600_000 },
  ...{ nameCharacters: 100, messageCharacters: 400_000 },
};
