/** `runs.*`: agents at work, by whatever door they came. What they say in conversations: `chat.ts`. */
import { runStatuses, type OutcomeDecision } from '@openclaw/protocol';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { ControlClient, MethodCall, MethodTable } from '../contract.ts';
import type { RunDirectory } from '../run-starter.ts';
import { actorOf, originOf } from './actor.ts';
import { invalid, Params } from './params.ts';

export interface RunMethodsOptions {
  readonly runs: RunDirectory;
}

const idLimit = { limit: 200 };
const wordsLimit = { limit: 4000 };

export function createRunMethods({ runs }: RunMethodsOptions): MethodTable {
  return { ...questions(runs), ...createFollowing(runs), ...orders(runs), ...verdicts(runs) };
}

function questions(runs: RunDirectory): MethodTable {
  return {
    'runs.list': {
      scope: 'operator.read',
      async run({ params }) {
        const read = new Params(params);
        const limit = read.optionalNumber('limit', { minimum: 1, maximum: 200 }) ?? 50;
        const wanted = {
          sessionKey: read.optionalText('sessionKey', { limit: 512 }),
          agentId: read.optionalText('agentId', idLimit),
          parentRunId: read.optionalText('parentRunId', idLimit),
          after: read.optionalText('after', idLimit),
        };
        const status = read.optionalText('status', idLimit);
        read.end();
        const known = runStatuses.find((name) => name === status);
        if (status !== undefined && known === undefined) throw invalid('status', `must be one of ${runStatuses.join(', ')}`);
        const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
        const found = await runs.list({ ...given, ...(known === undefined ? {} : { status: known }), limit: limit + 1 });
        const page = found.slice(0, limit);
        return { runs: page, hasMore: found.length > limit, nextAfter: found.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    },
    'runs.get': {
      scope: 'operator.read',
      run: ({ params }) => runs.get(readRun(params)),
    },
  };
}

/** The events of one run, from any of them on, as the event `run.event` to whoever asked; the second answer comes when there are no more. */
function createFollowing(runs: RunDirectory): MethodTable {
  const followed = new WeakMap<ControlClient, Map<string, AbortController>>();
  const leave = (client: ControlClient, runId: string): boolean => {
    const leaving = followed.get(client)?.get(runId);
    leaving?.abort();
    return followed.get(client)?.delete(runId) ?? false;
  };
  return {
    'runs.events.subscribe': {
      scope: 'operator.read',
      async run({ params, client, signal, accept }) {
        const read = new Params(params);
        const runId = read.text('runId', idLimit);
        const after = read.optionalNumber('after') ?? 0;
        read.end();
        const { lastSeq, status } = await runs.get(runId);
        // Whoever asks again wants it from another place.
        leave(client, runId);
        const leaving = new AbortController();
        const mine = followed.get(client) ?? new Map<string, AbortController>();
        followed.set(client, mine.set(runId, leaving));
        // As every first answer of two; clients tell it from the last one by this word.
        accept({ runId, subscribed: true, lastSeq, status: 'accepted', runStatus: status });
        let seq = after;
        try {
          for await (const event of runs.events(runId, after, AbortSignal.any([signal, leaving.signal]))) {
            client.send('run.event', { runId, event });
            seq = event.seq;
          }
        } finally {
          if (mine.get(runId) === leaving) mine.delete(runId);
        }
        return { runId, subscribed: false, lastSeq: seq };
      },
    },
    'runs.events.unsubscribe': {
      scope: 'operator.read',
      run: ({ params, client }) => ({ ok: true, unsubscribed: leave(client, readRun(params)) }),
    },
  };
}

function orders(runs: RunDirectory): MethodTable {
  return {
    'runs.cancel': {
      scope: 'operator.write',
      async run({ params, client }) {
        const read = new Params(params);
        const runId = read.text('runId', idLimit);
        const reason = read.optionalText('reason', wordsLimit);
        read.end();
        return runs.cancel(runId, by({ client }), reason);
      },
    },
    'runs.signal': {
      scope: 'operator.write',
      async run({ params, client }) {
        const { payload = null, ...rest } = params;
        const read = new Params(rest);
        const runId = read.text('runId', idLimit);
        const name = read.text('name', idLimit);
        read.end();
        return runs.signal(runId, { name, payload }, by({ client }));
      },
    },
    'runs.retry': {
      scope: 'operator.write',
      run: async ({ params, client }) => runs.retry(readRun(params), by({ client })),
    },
    'runs.fork': {
      scope: 'operator.write',
      async run({ params, client }) {
        const read = new Params(params);
        const runId = read.text('runId', idLimit);
        const fromSeq = read.number('fromSeq', { minimum: 1 });
        read.end();
        return runs.fork(runId, fromSeq, originOf(client));
      },
    },
  };
}

function verdicts(runs: RunDirectory): MethodTable {
  const answering = (approved: boolean) => ({
    scope: 'operator.approvals' as const,
    async run({ params, client }: MethodCall) {
      const read = new Params(params);
      const runId = read.text('runId', idLimit);
      const approvalId = read.optionalText('approvalId', idLimit);
      const note = read.optionalText('note', wordsLimit);
      read.end();
      const verdict = { approved, by: by({ client }), ...(note === undefined ? {} : { note }) };
      return runs.resolveApproval({ runId, ...(approvalId === undefined ? {} : { approvalId }) }, verdict);
    },
  });
  return {
    'runs.approve': answering(true),
    'runs.reject': answering(false),
    'runs.outcome': {
      scope: 'operator.approvals',
      async run({ params, client }) {
        const { decision, ...rest } = params;
        const read = new Params(rest);
        const runId = read.text('runId', idLimit);
        const step = read.number('step', { minimum: 1 });
        read.end();
        return runs.resolveOutcome({ runId, step }, decisionOf(decision), by({ client }));
      },
    },
  };
}

/** `{kind: 'done', result}`, `{kind: 'repeat'}` or `{kind: 'failed', message}`. */
function decisionOf(given: JsonObject[string] | undefined): OutcomeDecision {
  if (isJsonObject(given)) {
    const { kind, result = null, message } = given;
    if (kind === 'done') return { kind, result };
    if (kind === 'repeat') return { kind };
    if (kind === 'failed' && typeof message === 'string') return { kind, message };
  }
  throw invalid('decision', "must be {kind: 'done', result}, {kind: 'repeat'} or {kind: 'failed', message}");
}

function readRun(params: JsonObject): string {
  const read = new Params(params);
  const runId = read.text('runId', idLimit);
  read.end();
  return runId;
}

function by({ client }: Pick<MethodCall, 'client'>): string {
  return actorOf(client.principal);
}
