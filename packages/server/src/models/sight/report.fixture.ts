/** Finished requests for tests: what is not given is what most requests have. */
import type { OpenClawError } from '../../core/errors.ts';
import type { Target } from '../target.ts';
import type { AttemptReport, RequestReport } from '../report.ts';

export function finishedTarget(name: string, { key = '1', listed = true }: { key?: string; listed?: boolean } = {}): Target {
  const [provider = '', ...model] = name.split('/');
  const id = model.join('/');
  const known = { id, contextWindow: 128_000, maxOutputTokens: undefined, price: undefined };
  return {
    name,
    model: id,
    provider: { id: provider } as Target['provider'],
    key: { id: key, source: 'test', weight: 1, headers: {} },
    known: listed ? known : undefined,
    weight: 1,
  };
}

export function finishedAttempt(changes: Partial<AttemptReport> = {}): AttemptReport {
  return {
    target: finishedTarget('acme/large'),
    error: undefined,
    cancelled: false,
    hedge: false,
    startedMs: 0,
    durationMs: 100,
    waitedMs: 0,
    firstOutputMs: undefined,
    usage: { input: 10, cacheRead: 0, cacheWrite: 0, output: 5, reasoning: 0 },
    estimated: false,
    costNanoUsd: 1000,
    ...changes,
  };
}

export interface FinishedChanges extends Partial<Omit<RequestReport, 'call'>> {
  readonly call?: Partial<RequestReport['call']>;
}

export function finishedRequest({ call, ...changes }: FinishedChanges = {}): RequestReport {
  const attempts = changes.attempts ?? [finishedAttempt()];
  return {
    call: {
      requestId: 'req_1',
      dialect: 'openai-completions',
      operation: 'chat',
      caller: { id: 'gateway', models: undefined },
      headers: {},
      body: Buffer.from('{}'),
      ...call,
    },
    requestedModel: 'acme/large',
    stream: false,
    target: attempts.at(-1)?.target,
    attempts,
    observed: { usage: { input: 10, cacheRead: 0, cacheWrite: 0, output: 5, reasoning: 0 } },
    costNanoUsd: 1000,
    outcome: { kind: 'completed' },
    firstOutputMs: undefined,
    totalMs: 100,
    queueMs: 0,
    decisions: [],
    ...changes,
  };
}

/** One attempt that failed, and with it the request. */
export function failedRequest(error: OpenClawError, changes: FinishedChanges = {}): RequestReport {
  const attempts = [finishedAttempt({ error, usage: undefined, costNanoUsd: undefined })];
  return finishedRequest({
    attempts,
    observed: { usage: undefined },
    costNanoUsd: undefined,
    outcome: { kind: 'failed', error },
    ...changes,
  });
}
