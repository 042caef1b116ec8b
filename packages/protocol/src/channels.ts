/** Channels and their deliveries as they go over a wire. Times are milliseconds since 1970. */

export type ChannelKind = 'webhook';

export interface ChannelView {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly state: 'running' | 'stopped' | 'failed';
  /** Who is asked. */
  readonly agentId: string;
  /** The path that others send to; null where it has none. */
  readonly receivesAt: string | null;
  /** Origin of the address that it sends to, without path and credentials; null where it sends nothing. */
  readonly sendsTo: string | null;
  /** Since the start of the gateway; null: nothing so far. */
  readonly lastReceivedAtMs: number | null;
  /** As of `lastReceivedAtMs`. */
  readonly lastDeliveredAtMs: number | null;
  /** What was wrong the last time that something was, and nothing has gone well since. */
  readonly problem: string | null;
  readonly deliveries: {
    /** They are tried, or will be tried again. */
    readonly waiting: number;
    /** Given up; see `redeliver`. */
    readonly dead: number;
  };
}

export const deliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** What of a run is told: it has ended, or waits for somebody. */
export type NoticeType = 'run.finished' | 'run.failed' | 'run.cancelled' | 'run.waiting';

/** Something on its way out. Its id is the same for every attempt, and known to the receiver. */
export interface DeliveryView {
  readonly id: string;
  readonly channelId: string;
  readonly runId: string;
  readonly type: NoticeType;
  readonly state: DeliveryState;
  /** So far, of this round where somebody has asked for another one. */
  readonly attempts: number;
  readonly createdAtMs: number;
  /** Null where none follows. */
  readonly nextAttemptAtMs: number | null;
  /** When it was delivered or given up. */
  readonly settledAtMs: number | null;
  /** Why the last attempt failed. */
  readonly failure: string | null;
}
