/** Keeps one run with the gateway while somebody looks at it: how it stands, and its timeline as it grows. */
import type { EventFrame, RunEvent, RunView } from '@openclaw/protocol';
import { signal } from '@preact/signals';
import { after } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import { emptyTimeline, nextTimeline } from './timeline.ts';

/** Streamed words come one by one; the page is drawn with all that came in this time. */
const gatherMs = 40;

export class RunDesk {
  readonly runId: string;
  readonly timeline = signal(emptyTimeline);
  readonly view = signal<RunView | undefined>(undefined);
  /** Why it could not be read. */
  readonly problem = signal<Error | undefined>(undefined);
  readonly #connection: Pick<Connection, 'request' | 'subscribe'>;
  #waiting: RunEvent[] = [];
  #cancelTimer: (() => void) | undefined;
  #isAsking = false;
  #askAgain = false;

  constructor(runId: string, connection: Pick<Connection, 'request' | 'subscribe'>) {
    this.runId = runId;
    this.#connection = connection;
  }

  /** Takes in what comes. @returns ends it, also at the gateway */
  follow(): () => void {
    const end = this.#connection.subscribe((frame) => this.#onEvent(frame));
    return () => {
      end();
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      // Where the connection is gone nobody sends anything any more.
      this.#connection.request('runs.events.unsubscribe', { runId: this.runId }).catch(() => undefined);
    };
  }

  /** Asks for what is not here yet. To be called with each new connection, and when a run that had ended goes on. */
  async load(): Promise<void> {
    try {
      const after = this.#waiting.at(-1)?.seq ?? this.timeline.peek().lastSeq;
      await this.#connection.request('runs.events.subscribe', { runId: this.runId, after });
      await this.#look();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onEvent({ event, payload }: EventFrame): void {
    if (event !== 'run.event' && event !== 'run') return;
    const told = payload as { readonly runId: string; readonly seq?: number; readonly event?: RunEvent };
    if (told.runId !== this.runId) return;
    if (event === 'run.event' && told.event) this.#gather(told.event);
    else if (this.timeline.peek().hasEnded && (told.seq ?? 0) > this.timeline.peek().lastSeq) void this.load();
  }

  #gather(event: RunEvent): void {
    this.#waiting.push(event);
    this.#cancelTimer ??= after(gatherMs, () => {
      this.#cancelTimer = undefined;
      const events = this.#waiting.splice(0);
      this.timeline.value = nextTimeline(this.timeline.peek(), events);
      if (events.some(({ kind }) => kind !== 'step.delta')) void this.#look();
    });
  }

  /** How it stands; once more where something happened since the question. */
  async #look(): Promise<void> {
    this.#askAgain = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.#askAgain) {
        this.#askAgain = false;
        this.view.value = await this.#connection.request<RunView>('runs.get', { runId: this.runId });
        this.problem.value = undefined;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isAsking = false;
    }
  }

  #fail(error: unknown): void {
    this.problem.value = error instanceof Error ? error : new Error(String(error));
  }
}
