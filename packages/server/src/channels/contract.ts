/**
 * Channels on one screen: what comes in becomes a run in a session, what goes out is a delivery. Types only.
 *
 * A channel translates between the outside and these two, and keeps nothing itself: that the same arrival is the same run is seen to by the
 * intake, that no delivery is lost by the outbox, for all of them. `channel.suite.ts` runs on every channel.
 */
import type { ChannelKind, CreateRunRequest, NoticeType, RunEvent, RunOrigin, RunView } from '@openclaw/protocol';

export interface Channel {
  /** Of all channels, whatever their kind. */
  readonly id: string;
  readonly kind: ChannelKind;
  readonly agentId: string;
  /**
   * From now on what comes in goes to `intake`, until the signal, whose reason is for whoever is let down by it.
   * @throws OpenClawError why it cannot begin
   */
  start(intake: Intake, signal: AbortSignal): Promise<void>;
  /** Resolves once nothing of it is under way. The signal comes first. */
  stop(): Promise<void>;
  status(): ChannelStatus;
  /**
   * A request to `/hooks/ID`. Absent: it has no such door.
   * @throws HookRefused where it is not known who sent it; OpenClawError for what cannot become a run
   */
  receive?(request: HookRequest): Promise<HookAnswer>;
  /** Absent: it sends nothing. */
  readonly outlet?: Outlet;
}

/** One with a door of its own. */
export type HookChannel = Channel & Required<Pick<Channel, 'receive'>>;

export interface ChannelStatus {
  readonly state: 'running' | 'stopped';
  /** What keeps things from coming in. */
  readonly problem: string | null;
}

export interface Intake {
  /**
   * The run is durable once this resolves, and the same arrival is the same run, also after a crash.
   * @throws OpenClawError `overloaded`, `draining`, `agent_not_found`, …: there is no run then, and it may come again
   */
  accept(arrival: Arrival): Promise<Accepted>;
}

export interface Arrival {
  /** By which the outside knows it, at most 255 characters; when it comes again it has the same. */
  readonly id: string;
  /** What the agent is told. */
  readonly input: string;
  /** Absent: the run has one of its own. */
  readonly sessionKey?: string;
}

export interface Accepted {
  readonly runId: string;
  /** It had come before. */
  readonly isKnown: boolean;
}

/** Names of headers in lower case. */
export type HookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HookRequest {
  readonly headers: HookHeaders;
  /** Of the connection. */
  readonly address: string;
  /** Once, and only after as much was looked at as can be without it: it may be a stranger's. @throws OpenClawError `body_too_large`, … */
  readBody(): Promise<Buffer>;
}

export interface HookAnswer {
  readonly status: number;
  readonly body: object;
}

export interface Outlet {
  /** Origin of where it sends to, without path and credentials. */
  readonly to: string;
  readonly retry: RetryPolicy;
  /** One attempt. Ends soon after the signal, and throws nothing for what the other side does. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendResult>;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly maxAgeMs: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** No attempt takes longer. */
  readonly timeoutMs: number;
}

export interface Delivery {
  /** The same for every attempt. */
  readonly id: string;
  readonly notice: Notice;
}

export type SendResult =
  | { readonly kind: 'delivered' }
  /** Another attempt may do better, and no sooner than this. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number }
  /** No attempt will, unless somebody changes something. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What is told of a run: it has ended, or waits for somebody. */
export interface Notice {
  readonly type: NoticeType;
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  /** Of the event that it speaks of: later ones of the same run have higher ones. */
  readonly seq: number;
  readonly atMs: number;
  /** What it has said. */
  readonly text?: string;
  /** The text is longer than what is here. */
  readonly isCut?: true;
  /** The limit that ended it. */
  readonly stoppedBy?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly waitsFor?: NoticedWait;
}

export type NoticedWait =
  | {
      readonly kind: 'approval';
      readonly approvalId: string;
      readonly tool: string;
      readonly argumentsText: string;
      readonly why: string;
    }
  /** A call was under way in a crash, and somebody has to say what came of it. */
  | { readonly kind: 'outcome'; readonly step: number; readonly tool: string; readonly evidence: string };

/** What is needed of runs. */
export interface ChannelRuns {
  /** Durable once it resolves; the same key gives the same run. @throws OpenClawError as `Intake.accept`, and `idempotency_key_reused` */
  create(request: CreateRunRequest, origin: RunOrigin): Promise<{ readonly run: Pick<RunView, 'id'>; readonly isKnown: boolean }>;
  /** The run of this key, as long as it is known. */
  find(idempotencyKey: string): Promise<Pick<RunView, 'id' | 'origin'> | undefined>;
  /** Of every run, once it is committed. @returns ends it */
  observe(listener: (events: readonly RunEvent[], view: RunView) => void): () => void;
}
