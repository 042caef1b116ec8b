/**
 * One exchange over the real model path, without a socket: a client's request goes in, a provider answers with the very
 * chunks that a test gives, and what the client would receive comes out as bytes.
 */
import type { DialectName, Quirks } from '../../src/models/dialects/dialect.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import type { OpenClawError } from '../../src/core/errors.ts';
import { createLifecycleRegistry } from '../../src/models/lifecycle.ts';
import { createOpenAdmission } from '../../src/models/open-admission.fixture.ts';
import type { StoredResponses } from '../../src/models/responses/index.ts';
import { createRetryBudget } from '../../src/models/retry-budget.ts';
import { createModelService, type RequestReport } from '../../src/models/service.ts';
import type { Provider, Target } from '../../src/models/target.ts';
import type { Upstream, UpstreamRequest } from '../../src/models/upstream.ts';
import type { AnyCell } from './cases.ts';

/** One answer of the provider. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: readonly Buffer[];
  /** Called before each chunk: time passes here. */
  readonly beforeChunk?: (clock: FakeClock) => void;
  /** How the connection breaks off after the chunks; absent: it ends well. */
  readonly breaksWith?: OpenClawError;
}

export interface ExchangeOptions {
  readonly cell: AnyCell;
  /** Fields of the client's request beside those that every request needs. */
  readonly request?: JsonObject;
  /** Taken one by one; the last serves all further attempts. */
  readonly replies: readonly Reply[];
  readonly quirks?: Quirks;
  /** Keeps responses from one exchange to the next. */
  readonly stored?: StoredResponses;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What the client received. */
  readonly bytes: Buffer;
  readonly text: string;
  /** What the provider was asked, by attempt. */
  readonly asked: readonly { readonly path: string; readonly body: JsonObject; readonly bytes: Buffer }[];
  readonly report: RequestReport;
}

export async function exchange(options: ExchangeOptions): Promise<Exchange> {
  const { cell } = options;
  const clock = createFakeClock();
  const asked: { path: string; body: JsonObject; bytes: Buffer }[] = [];
  const target = targetAt(createReplayUpstream(options.replies, asked, clock), cell.out, options.quirks ?? {});
  let report: RequestReport | undefined;
  const service = createModelService({
    requests: createLifecycleRegistry(clock),
    clock,
    random: () => 0,
    retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
    retryBudget: createRetryBudget({ percent: 100, clock }),
    admission: createOpenAdmission(clock),
    allowances: { reserve: () => undefined, hasBudget: () => false },
    hedging: { enabled: false, delayMs: () => undefined },
    nestingDepthLimit: 64,
    ...(options.stored && { stored: options.stored }),
    route: () => ({ targets: [target], goesOn: false }),
    onFinished: (finished) => (report = finished),
    costOf: () => undefined,
  });
  const pieces: Buffer[] = [];
  let status = 0;
  let headers: Readonly<Record<string, string>> = {};
  await service.serve(
    {
      requestId: 'req_1',
      dialect: cell.in,
      operation: 'chat',
      body: Buffer.from(JSON.stringify(requestOf(cell, options.request ?? {}))),
      headers: {},
      caller: { id: 'gateway', models: undefined },
      whenGone: () => {},
      timeoutMs: undefined,
    },
    {
      head: (code, fields) => void ([status, headers] = [code, { ...fields }]),
      write: (chunk) => pieces.push(Buffer.from(chunk)) > 0,
      drained: () => Promise.resolve(),
      end: (chunk) => void (chunk !== undefined && pieces.push(Buffer.from(chunk))),
    },
  );
  if (!report) throw new Error('the request was never finished');
  const bytes = Buffer.concat(pieces);
  return { status, headers, bytes, text: bytes.toString(), asked, report };
}

function requestOf(cell: AnyCell, fields: JsonObject): JsonObject {
  return {
    model: 'acme/large',
    ...(cell.in === 'anthropic-messages' && { max_tokens: 1024 }),
    [cell.in === 'openai-responses' ? 'input' : 'messages']: [{ role: 'user', content: 'What is the weather?' }],
    ...(cell.streaming === 'stream' && { stream: true }),
    ...fields,
  };
}

function createReplayUpstream(
  replies: readonly Reply[],
  asked: { path: string; body: JsonObject; bytes: Buffer }[],
  clock: FakeClock,
): Upstream {
  return {
    send(request: UpstreamRequest) {
      const reply = replies[Math.min(asked.length, replies.length - 1)];
      if (!reply) throw new Error('the test gave no reply');
      const bytes = request.body ?? Buffer.alloc(0);
      asked.push({ path: request.path, body: JSON.parse(bytes.toString()) as JsonObject, bytes });
      return Promise.resolve({ status: reply.status ?? 200, headers: reply.headers ?? {}, body: bodyOf(reply, clock) });
    },
    close: () => Promise.resolve(),
  };
}

async function* bodyOf(reply: Reply, clock: FakeClock): AsyncGenerator<Buffer> {
  for (const chunk of reply.chunks) {
    reply.beforeChunk?.(clock);
    yield await Promise.resolve(chunk);
  }
  if (reply.breaksWith) throw reply.breaksWith;
}

function targetAt(upstream: Upstream, dialect: DialectName, quirks: Quirks): Target {
  const provider: Provider = {
    id: 'acme',
    dialect,
    origin: 'https://api.acme.example',
    basePath: dialect === 'openai-completions' ? '/v1' : '',
    keys: [{ id: '1', source: 'the test', weight: 1, headers: {} }],
    concurrency: { initial: 100, max: 100 },
    quirks,
    timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 },
    firstByteWholeMs: 0,
    upstream,
    models: () => [],
  };
  return { provider, key: provider.keys[0]!, model: 'large', name: 'acme/large', known: undefined, weight: 1 };
}

const streamHeaders = { 'content-type': 'text/event-stream; charset=utf-8' };
const wholeHeaders = { 'content-type': 'application/json' };

/** The bytes as an answer in the form that the cell wants, in chunks of `size` bytes or in one. */
export function replyOf(cell: AnyCell, text: string, size?: number): Reply {
  return { headers: cell.streaming === 'stream' ? streamHeaders : wholeHeaders, chunks: cut(Buffer.from(text), size) };
}

export function cut(bytes: Buffer, size = bytes.length): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  return chunks;
}
