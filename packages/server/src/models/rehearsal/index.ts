/**
 * The built-in model `openclaw/rehearsal`: an upstream inside this process that speaks openai-completions. It is not a language
 * model. It follows a script in the conversation (say, tool, wait, fail, cut), so that routes, retries, tools and recovery can be
 * tried, shown and load-tested without an account or a network.
 *
 * It does not read anything but the script, and says so when there is none. `docs/rehearsal.md` describes the script.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { SendOptions, Upstream, UpstreamRequest, UpstreamResponse } from '../upstream.ts';
import { readConversation, type Conversation } from './conversation.ts';
import { createFailureCounter, type FailureCounter } from './failure-counter.ts';
import { performTurn, type CutAct, type EndAct, type FailAct, type OutputAct, type Stage } from './performance.ts';
import { parseScript, type ScriptFault, type Turn } from './script.ts';
import { rehearsal } from './identity.ts';
import {
  encodeAct,
  encodeFinish,
  encodeJson,
  encodeStart,
  encodeStreamError,
  encodeWhole,
  errorBody,
  modelName,
  type AnswerIdentity,
} from './wire.ts';

export interface RehearsalOptions {
  readonly clock: Clock;
}

export function createRehearsal({ clock }: RehearsalOptions): Upstream {
  const failures = createFailureCounter();
  const running = new Set<AbortController>();

  return {
    async send(request, options) {
      if (request.method === 'GET' && request.path.endsWith('/models')) return respond(200, modelList());
      if (request.method !== 'POST' || !request.path.endsWith('/chat/completions')) {
        return respond(404, errorBody(404, `The rehearsal has nothing at ${request.method} ${request.path}.`));
      }
      const conversation = readConversation(request.body);
      if ('reason' in conversation) {
        return respond(
          conversation.status,
          errorBody(conversation.status, `${conversation.reason}.`, { param: conversation.param ?? null }),
        );
      }
      const turn = chooseTurn(conversation);
      if ('fault' in turn) return respond(400, scriptError(turn.fault, conversation));
      const connection = openConnection(options, running);
      const identity: AnswerIdentity = {
        ...conversation,
        id: `chatcmpl-${options.requestId}`,
        createdSeconds: Math.floor(clock.now() / 1000),
      };
      const acts = performTurn(turn.steps, stageOf({ clock, request, options, failures, conversation, connection }));
      try {
        return conversation.stream ? await answerStreaming(identity, acts, connection) : await answerWhole(identity, acts, connection);
      } catch (thrown) {
        connection.release();
        throw thrown;
      }
    },
    close() {
      for (const controller of running) controller.abort(truncated(rehearsal.provider, 'the gateway closed the connection'));
      running.clear();
      return Promise.resolve();
    },
  };
}

interface StageParts {
  readonly clock: Clock;
  readonly request: UpstreamRequest;
  readonly options: SendOptions;
  readonly failures: FailureCounter;
  readonly conversation: Conversation;
  readonly connection: Connection;
}

function stageOf({ clock, request, options, failures, conversation, connection }: StageParts): Stage {
  const requestKey = request.headers['idempotency-key'] ?? options.requestId;
  return {
    clock,
    signal: connection.signal,
    provider: options.provider,
    timeouts: options.timeouts,
    maxOutputTokens: conversation.maxOutputTokens,
    countFailure: (line) => failures.count(requestKey, line),
  };
}

function chooseTurn({ script }: Conversation): { readonly steps: Turn } | { readonly fault: ScriptFault } {
  if (!script) return { steps: say(explanation) };
  const parsed = parseScript(script.text);
  if ('fault' in parsed) return parsed;
  const steps = parsed.turns[script.position];
  if (!steps) {
    const { length } = parsed.turns;
    return { steps: say(`The script is over: it has ${length} ${length === 1 ? 'turn' : 'turns'}. ${explanation}`) };
  }
  const speaks = steps.some((step) => step.kind === 'say' || step.kind === 'tool');
  return { steps: speaks ? steps : [...steps, ...say('This turn of the script says nothing.')] };
}

const explanation = `This is openclaw/rehearsal. It is not a language model: it follows a script in a user message, one step a line, and reads \
nothing else. For instance:

say Let me look.
wait 200ms
tool read {"path":"README.md"}
say That was all.

Other steps are «fail 429 x2» and «cut». docs/rehearsal.md has the rest.`;

function say(text: string): Turn {
  return [{ kind: 'say', line: 0, text }];
}

function scriptError({ line, reason }: ScriptFault, { script }: Conversation): JsonObject {
  return errorBody(400, `Line ${line} of the rehearsal script: ${reason}.`, { param: script?.path ?? null, code: 'invalid_script' });
}

/** One answer under way: it ends with its last byte, with the request's signal, with its reader, or with `close`. */
interface Connection {
  readonly provider: string;
  readonly signal: AbortSignal;
  abort(reason: OpenClawError): void;
  /** The answer has ended: nobody needs to be told any more. */
  release(): void;
}

function openConnection({ signal, provider }: SendOptions, running: Set<AbortController>): Connection {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(closedBy(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  running.add(controller);
  return {
    provider,
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release() {
      signal.removeEventListener('abort', onAbort);
      running.delete(controller);
    },
  };
}

function closedBy(signal: AbortSignal): OpenClawError {
  return signal.reason instanceof OpenClawError ? signal.reason : new OpenClawError('client_closed', { cause: signal.reason });
}

type Acts = AsyncGenerator<OutputAct, EndAct>;

async function answerStreaming(identity: AnswerIdentity, acts: Acts, connection: Connection): Promise<UpstreamResponse> {
  const first = await acts.next();
  if (first.done === true && first.value.kind !== 'finish') {
    connection.release();
    return refuse(first.value, connection.provider);
  }
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
  return { status: 200, headers, body: closable(streamActs(identity, first, { acts, connection }), connection) };
}

interface RestOfAnswer {
  readonly acts: Acts;
  readonly connection: Connection;
}

async function* streamActs(
  identity: AnswerIdentity,
  first: IteratorResult<OutputAct, EndAct>,
  { acts, connection }: RestOfAnswer,
): AsyncGenerator<Buffer, undefined> {
  try {
    connection.signal.throwIfAborted();
    yield encodeStart(identity);
    let act = first;
    while (act.done !== true) {
      connection.signal.throwIfAborted();
      yield encodeAct(identity, act.value);
      act = await acts.next();
    }
    if (act.value.kind === 'cut') throw truncated(connection.provider, 'the script cut the connection');
    yield act.value.kind === 'finish' ? encodeFinish(identity, act.value) : encodeStreamError(act.value);
    return undefined;
  } finally {
    connection.release();
  }
}

async function answerWhole(identity: AnswerIdentity, acts: Acts, connection: Connection): Promise<UpstreamResponse> {
  const said: OutputAct[] = [];
  let act = await acts.next();
  for (; act.done !== true; act = await acts.next()) said.push(act.value);
  connection.release();
  const end = act.value;
  const headers = { 'content-type': 'application/json' };
  if (end.kind === 'finish') return { status: 200, headers, body: once(encodeWhole(identity, said, end)) };
  if (end.kind === 'fail' || said.length === 0) return refuse(end, connection.provider);
  const whole = encodeWhole(identity, said, { kind: 'finish', reason: 'stop', outputTokens: 0 });
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  return { status: 200, headers, body: breakingOff(half, truncated(connection.provider, 'the script cut the connection')) };
}

/** Before anything was sent, a failure is a status, and a cut is a connection that closes without an answer. */
function refuse(act: FailAct | CutAct, provider: string): UpstreamResponse {
  if (act.kind === 'cut') throw truncated(provider, 'the script cut the connection before the answer');
  const headers: Record<string, string> = {};
  if (act.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(act.retryAfterMs / 1000));
    headers['retry-after-ms'] = String(act.retryAfterMs);
  }
  return respond(act.status, errorBody(act.status, act.message), headers);
}

function respond(status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): UpstreamResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: once(encodeJson(body)) };
}

function modelList(): JsonObject {
  return { object: 'list', data: [{ id: modelName, object: 'model', created: 0, owned_by: 'openclaw' }] };
}

function truncated(provider: string, reason: string): OpenClawError {
  return new OpenClawError('upstream_truncated', { details: { provider, reason } });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  yield bytes;
  return undefined;
}

async function* breakingOff(bytes: Buffer, error: OpenClawError): AsyncGenerator<Buffer, undefined> {
  yield bytes;
  throw error;
}

/** A generator's `return` waits for the `next` under way; a reader that leaves during a `wait` must not. */
function closable(body: AsyncGenerator<Buffer, undefined>, connection: Connection): AsyncIterable<Buffer> {
  const iterator: AsyncIterator<Buffer, undefined> = {
    next: () => body.next(),
    async return() {
      connection.abort(new OpenClawError('client_closed'));
      connection.release();
      return body.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
