/** The bounds of channels. */

export interface ChannelLimits {
  /** Runs of one channel that have not ended; then no more come in. @default 1000 */
  readonly openRuns: number;
  /** Deliveries of one channel that wait; then nothing more comes in, for it could not be told what came of it. @default 10,000 */
  readonly waiting: number;
  /** Deliveries under way to one receiver. @default 4 */
  readonly underWay: number;
  /** What is due is looked for no more rarely, for the clock may be set and the machine may have slept. @default 30 seconds */
  readonly lookMs: number;
  /** Before it is looked again where that failed. @default 5 seconds */
  readonly retryMs: number;
  /** Beyond the time of an attempt; after that the delivery is anybody's. @default 30 seconds */
  readonly graceMs: number;
  /** How long what was delivered is remembered. @default 7 days */
  readonly keptDeliveredMs: number;
  /** How long what was given up can be sent again. @default 30 days */
  readonly keptDeadMs: number;
  /** Of either, of one channel: the latest. @default 10,000 */
  readonly kept: number;
  /** Of the text in a notice. @default 200,000 */
  readonly textCharacters: number;
}

const dayMs = 86_400_000;

export const channelLimits: ChannelLimits = {
  ...{ openRuns: 1000, waiting: 10_000, underWay: 4 },
  ...{ lookMs: 30_000, retryMs: 5000, graceMs: 30_000 },
  ...{ keptDeliveredMs: 7 * dayMs, keptDeadMs: 30 * dayMs, kept: 10_000 },
  textCharacters: 200_000,
};
