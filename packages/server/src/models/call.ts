/** What the gateway hands to the model path, and what it gets its answer through. Types only. */
import type { ClientDialectName } from './dialects/dialect.ts';
import type { Usage } from './dialects/events.ts';

export type OperationName = 'chat' | 'embeddings' | 'countTokens';

/** One request of a client, authenticated and read whole. */
export interface ModelCall {
  readonly requestId: string;
  /** The dialect of the endpoint that was called. */
  readonly dialect: ClientDialectName;
  /** What is asked for. */
  readonly operation: OperationName;
  readonly body: Buffer;
  /** The client's headers, names in lower case. Only those that the model path lists are passed on. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly caller: Caller;
  /** Counts what is held in memory for the request beside its body. @throws OpenClawError `overloaded` where there is no room for it */
  readonly hold?: (bytes: number) => void;
  /** Registers what is called, at most once, when the client leaves before its answer is whole. */
  whenGone(listener: () => void): void;
  /** How long the client is willing to wait for the answer to begin, if it says so. */
  readonly timeoutMs: number | undefined;
  /** Told once what it took, however it ended, before `serve` resolves. For callers in this process, who account for it themselves. */
  readonly whenOver?: (taken: Taken) => void;
}

/** What one request took, over all its attempts. */
export interface Taken {
  /** Undefined where no provider read the prompt. */
  readonly usage: Usage | undefined;
  /** US$ in billionths; undefined where no price is known. */
  readonly costNanoUsd: number | undefined;
}

export interface Caller {
  /** `gateway`, `anonymous` or the id of a virtual key. */
  readonly id: string;
  /** Names that this caller may use as a model; `undefined` for all. */
  readonly models: readonly string[] | undefined;
}

/** Where the answer goes. Calls after the client has gone do nothing. */
export interface ModelSink {
  /** Status and headers; once, before anything else. */
  head(status: number, headers: Readonly<Record<string, string>>): void;
  /** False if the client reads more slowly than this is written: wait for `drained` before the next write. */
  write(chunk: Buffer | string): boolean;
  /** Resolves when there is room again or the client is gone. */
  drained(): Promise<void>;
  end(chunk?: Buffer | string): void;
}
