/** `runs`: agents at work, and durable runs of a program's own. What each part does is in its file. */
import type { CreateRunRequest, OpenedProgram, OutcomeDecision, RunEvent, RunStatus, RunView } from '@openclaw/protocol';
import type { CallOptions, Calls } from '../calls.ts';
import type { Connection, OutgoingRequest } from '../connection.ts';
import { OpenClawError, withoutRetry } from '../errors.ts';
import type { Attempt } from '../retry.ts';
import { askPatiently, type PatientOptions } from './patient.ts';
import { openProgramRun, type ProgramRun } from './program-run.ts';
import { readRunEvents, type RunEventOptions } from './run-events.ts';
import type { Spool } from './spool.ts';

export interface RunQuestion {
  readonly session?: string;
  readonly status?: RunStatus;
  readonly agent?: string;
  /** Begun by this run. */
  readonly parent?: string;
  /** `next_after` of the page before. */
  readonly after?: string;
  /** @default 20 */
  readonly limit?: number;
}

export interface RunPage {
  readonly data: readonly RunView[];
  readonly has_more: boolean;
  readonly next_after: string | null;
}

export interface OpenOptions {
  /** What the run is about, as JSON; the same for the same key. @default null */
  readonly input?: unknown;
  /** Where the end of a step is kept until the gateway has it. @default the client's `spool` */
  readonly spool?: Spool;
  /** Ends waits for the gateway, and is passed on to steps. */
  readonly signal?: AbortSignal;
}

export interface Runs {
  /** Sets an agent to work. Without an `idempotencyKey` one is made, so that trying again makes no second run. */
  create(request: CreateRunRequest, options?: CallOptions): Promise<RunView>;
  get(id: string, options?: CallOptions): Promise<RunView>;
  /** The latest first. */
  list(question?: RunQuestion, options?: CallOptions): Promise<RunPage>;
  /**
   * The events of a run in order, each once, to its end, over lost connections and restarts of the gateway.
   *
   * @example for await (const event of openclaw.runs.events(run.id)) if (event.kind === 'step.delta') show(event.text);
   */
  events(id: string, options?: RunEventOptions): AsyncIterable<RunEvent>;
  cancel(id: string, reason?: string, options?: CallOptions): Promise<RunView>;
  signal(id: string, signal: { readonly name: string; readonly payload?: unknown }, options?: CallOptions): Promise<RunView>;
  approve(id: string, answer?: ApprovalAnswer, options?: CallOptions): Promise<RunView>;
  reject(id: string, answer?: ApprovalAnswer, options?: CallOptions): Promise<RunView>;
  /** Says what came of a call that was under way in a crash. */
  resolveOutcome(
    id: string,
    outcome: { readonly step: number; readonly decision: OutcomeDecision },
    options?: CallOptions,
  ): Promise<RunView>;
  /** A run that failed goes on at the step that failed. */
  retry(id: string, options?: CallOptions): Promise<RunView>;
  /** A new run with the same history up to this event. */
  fork(id: string, fromSeq: number, options?: CallOptions): Promise<RunView>;
  /**
   * The durable run of this program under `key`: the same key is the same run, and steps that were done are not done again.
   *
   * @example
   * const run = await openclaw.runs.open('nightly-report', { input: { day } });
   * const rows = await run.step('fetch rows', () => fetchRows(day), { effect: 'read' });
   * await run.finish({ rows: rows.length });
   */
  open(key: string, options?: OpenOptions): Promise<ProgramRun>;
}

export interface ApprovalAnswer {
  /** @default the one that the run waits for */
  readonly approvalId?: string;
  readonly note?: string;
}

export interface RunsOptions extends PatientOptions {
  readonly calls: Calls;
  readonly connection: Connection;
  readonly spool: Spool;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
}

export function createRuns(options: RunsOptions): Runs {
  const { calls, connection } = options;

  function ask(request: OutgoingRequest, { headers, ...callOptions }: CallOptions = {}): Promise<RunView> {
    return calls.run((attempt) => connection.sendForJson<RunView>({ ...request, headers }, attempt), callOptions);
  }

  /** What may have been carried out although no answer came is not sent again. */
  function act(
    id: string,
    what: string,
    { body, callOptions = {} }: { body?: object; callOptions?: CallOptions | undefined },
  ): Promise<RunView> {
    const { headers, ...rest } = callOptions;
    const request = { method: 'POST', path: `${placeOf(id)}/${what}`, body: JSON.stringify(body ?? {}), headers } as const;
    const attempt = async (context: Attempt): Promise<RunView> => {
      try {
        return await connection.sendForJson<RunView>(request, context);
      } catch (error) {
        throw error instanceof OpenClawError && error.status === 0 ? withoutRetry(error) : error;
      }
    };
    return calls.run(attempt, rest);
  }

  return {
    create(request, callOptions) {
      const idempotencyKey = request.idempotencyKey ?? crypto.randomUUID();
      return ask({ method: 'POST', path: '/runs', body: JSON.stringify({ ...request, idempotencyKey }) }, callOptions);
    },
    get: (id, callOptions) => ask({ method: 'GET', path: placeOf(id) }, callOptions),
    list(question = {}, { headers, ...callOptions } = {}) {
      const query = new URLSearchParams(
        Object.entries(question).map(([name, value]) => [name, String(value)] as [string, string]),
      ).toString();
      const path = query === '' ? '/runs' : `/runs?${query}`;
      return calls.run((attempt) => connection.sendForJson<RunPage>({ method: 'GET', path, headers }, attempt), callOptions);
    },
    events: (id, eventOptions = {}) => readRunEvents(id, eventOptions, options),
    cancel: (id, reason, callOptions) => act(id, 'cancel', { body: reason === undefined ? {} : { reason }, callOptions }),
    signal: (id, signal, callOptions) => act(id, 'signal', { body: signal, callOptions }),
    approve: (id, answer = {}, callOptions) => act(id, 'approve', { body: answer, callOptions }),
    reject: (id, answer = {}, callOptions) => act(id, 'reject', { body: answer, callOptions }),
    resolveOutcome: (id, { step, decision: { kind, ...what } }, callOptions) =>
      act(id, 'outcome', { body: { step, decision: kind, ...what }, callOptions }),
    retry: (id, callOptions) => act(id, 'retry', { callOptions }),
    fork: (id, fromSeq, callOptions) => act(id, 'fork', { body: { fromSeq }, callOptions }),
    async open(key, { input = null, spool = options.spool, signal } = {}) {
      const ending = signal ? AbortSignal.any([signal, options.closing]) : options.closing;
      const request = { method: 'POST', path: '/runs/open', body: JSON.stringify({ key, input }) } as const;
      const opened = await askPatiently<OpenedProgram>(request, options, ending);
      return openProgramRun({ ...options, opened, spool, signal: ending });
    },
  };
}

function placeOf(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}
