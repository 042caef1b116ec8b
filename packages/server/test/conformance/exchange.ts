/**
 * One exchange over the real model path, without a socket: a client's request goes in, a provider answers with the very
 * chunks that a test gives, and what the client would receive comes out as bytes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { DialectName, Quirks } from '../../src/models/dialects/dialect.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import type { OpenClawError } from '../../src/core/errors.ts';
import type { Usage } from '../../src/models/dialects/events.ts';
import { createLifecycleRegistry } from '../../src/models/lifecycle.ts';
import { createOpenAdmission } from '../../src/models/open-admission.fixture.ts';
import type { StoredResponses } from '../../src/models/responses/index.ts';
import { createRetryBudget } from '../../src/models/retry-budget.ts';
import { createModelService, type CacheOptions, type ModelService } from '../../src/models/service.ts';
import type { RequestReport } from '../../src/models/report.ts';
import type { KnownModel, Provider, Target } from '../../src/models/target.ts';
import type { Upstream } from '../../src/models/upstream.ts';
import type { Cell } from './cells.ts';
import { wires } from './stories.ts';

/** One answer of the provider. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: Iterable<Buffer>;
  /** Called before each chunk: time passes here. */
  readonly beforeChunk?: (clock: FakeClock) => void;
  /** How the connection breaks off after the chunks; absent: it ends well. */
  readonly breaksWith?: OpenClawError;
  /** Called when whoever reads the answer has taken its end, or has turned away from it. */
  readonly onClosed?: () => void;
}

/** One provider that may answer. */
export interface Side {
  readonly name: string;
  readonly dialect: DialectName;
  /** Taken one by one; the last serves all further attempts. */
  readonly replies: readonly Reply[];
  readonly quirks?: Quirks;
  readonly known?: Partial<KnownModel>;
}

export interface ExchangeOptions {
  readonly cell: Cell;
  /** Fields of the client's request beside those that every request needs. */
  readonly request?: JsonObject;
  readonly headers?: IncomingHttpHeaders;
  /** Taken one by one; the last serves all further attempts. */
  readonly replies: readonly Reply[];
  readonly quirks?: Quirks;
  /** What is known of the model. */
  readonly known?: Partial<KnownModel>;
  /** Asked where the provider of the cell fails. */
  readonly others?: readonly Side[];
  /** Whether an answer that breaks off may be gone on with. */
  readonly goesOn?: boolean;
  readonly costOf?: (target: Target, usage: Usage) => number | undefined;
  readonly cache?: CacheOptions;
  /** Keeps responses from one exchange to the next. */
  readonly stored?: StoredResponses;
  /** How often one target is asked, at most. @default 3 */
  readonly attempts?: number;
}

export interface AskedRequest {
  readonly provider: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  readonly bytes: Buffer;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What the client received. */
  readonly bytes: Buffer;
  readonly text: string;
  /** What the providers were asked, by attempt. */
  readonly asked: readonly AskedRequest[];
  readonly report: RequestReport;
}

export function exchange(options: ExchangeOptions): Promise<Exchange> {
  return createExchanger(options).send(options.cell, options.request ?? {});
}

/** What a client is like. */
export interface ClientManner {
  /** @default 'gateway' */
  readonly id?: string;
  /** Called with each piece that it gets, and with the way to leave. */
  readonly onPiece?: (leave: () => void, piece: string | Buffer) => void;
  /** Lets go of what it gets, so that the answer may be long. */
  readonly forgets?: boolean;
}

/** A gateway's model path that may be asked several times. */
export interface Exchanger {
  send(cell: Cell, request: JsonObject, client?: ClientManner): Promise<Exchange>;
  readonly requests: ModelService['requests'];
}

export function createExchanger(options: ExchangeOptions): Exchanger {
  const clock = createFakeClock();
  const asked: AskedRequest[] = [];
  const own: Side = { name: 'acme', dialect: options.cell.out, replies: options.replies };
  const sides = [{ ...own, quirks: options.quirks ?? {}, known: options.known }, ...(options.others ?? [])] as Side[];
  const targets = sides.map((side) => targetAt(side, createReplayUpstream(side, asked, clock)));
  let report: RequestReport | undefined;
  const service = createModelService({
    requests: createLifecycleRegistry(clock),
    clock,
    random: () => 0,
    retry: { attempts: options.attempts ?? 3, baseDelayMs: 1, maxDelayMs: 1 },
    retryBudget: createRetryBudget({ percent: 100, clock }),
    admission: createOpenAdmission(clock),
    allowances: { reserve: () => undefined, hasBudget: () => false },
    hedging: { enabled: false, delayMs: () => undefined },
    nestingDepthLimit: 64,
    ...(options.stored && { stored: options.stored }),
    route: () => ({ targets, goesOn: options.goesOn ?? false }),
    onFinished: (finished) => (report = finished),
    costOf: options.costOf ?? (() => undefined),
    cache: options.cache,
  });
  return {
    requests: service.requests,
    async send(cell, request, client = {}) {
      const pieces: Buffer[] = [];
      let status = 0;
      let headers: Readonly<Record<string, string>> = {};
      let leave = (): void => {};
      const before = asked.length;
      const take = (chunk: string | Buffer): boolean => {
        if (!client.forgets) pieces.push(Buffer.from(chunk));
        client.onPiece?.(leave, chunk);
        return true;
      };
      await service.serve(
        {
          requestId: 'req_1',
          dialect: cell.in,
          operation: 'chat',
          body: Buffer.from(JSON.stringify(requestOf(cell, request))),
          headers: options.headers ?? {},
          caller: { id: client.id ?? 'gateway', models: undefined },
          whenGone: (listener) => (leave = listener),
          timeoutMs: undefined,
        },
        {
          head: (code, fields) => void ([status, headers] = [code, { ...fields }]),
          write: take,
          drained: () => Promise.resolve(),
          end: (chunk) => void (chunk !== undefined && take(chunk)),
        },
      );
      if (!report) throw new Error('the request was never finished');
      const bytes = Buffer.concat(pieces);
      return { status, headers, bytes, text: bytes.toString(), asked: asked.slice(before), report };
    },
  };
}

function requestOf(cell: Cell, fields: JsonObject): JsonObject {
  const question = 'What is the weather?';
  return {
    model: 'acme/large',
    ...(cell.in === 'anthropic-messages' && { max_tokens: 1024 }),
    ...(cell.in === 'openai-responses' ? { input: question } : { messages: [{ role: 'user', content: question }] }),
    ...(cell.streaming === 'stream' && { stream: true }),
    ...fields,
  };
}

function createReplayUpstream({ name, replies }: Side, asked: AskedRequest[], clock: FakeClock): Upstream {
  let taken = 0;
  return {
    send(request, { signal }) {
      const reply = replies[Math.min(taken++, replies.length - 1)];
      if (!reply) throw new Error('the test gave no reply');
      const bytes = request.body ?? Buffer.alloc(0);
      asked.push({ provider: name, path: request.path, headers: request.headers, body: JSON.parse(bytes.toString()) as JsonObject, bytes });
      return Promise.resolve({ status: reply.status ?? 200, headers: reply.headers ?? {}, body: bodyOf(reply, clock, signal) });
    },
    close: () => Promise.resolve(),
  };
}

async function* bodyOf(reply: Reply, clock: FakeClock, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for (const chunk of reply.chunks) {
      reply.beforeChunk?.(clock);
      yield await Promise.resolve(chunk);
      signal.throwIfAborted();
    }
    if (reply.breaksWith) throw reply.breaksWith;
  } finally {
    reply.onClosed?.();
  }
}

function targetAt({ name, dialect, quirks = {}, known }: Side, upstream: Upstream): Target {
  const provider: Provider = {
    id: name,
    dialect,
    origin: `https://api.${name}.example`,
    basePath: dialect.startsWith('openai') ? '/v1' : '',
    keys: [{ id: '1', source: 'the test', weight: 1, headers: {} }],
    concurrency: { initial: 100, max: 100 },
    quirks,
    timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 },
    firstByteWholeMs: 0,
    upstream,
    models: () => [],
  };
  const model = dialect === 'bedrock-converse-stream' ? 'us.anthropic.claude-opus-4-6-v1' : 'large';
  const about = known && { id: model, contextWindow: undefined, maxOutputTokens: undefined, price: undefined, ...known };
  return { provider, key: provider.keys[0]!, model, name: `${name}/large`, known: about, weight: 1 };
}

const wholeHeaders = { 'content-type': 'application/json' };

/** The bytes as an answer in the form that the cell wants, in chunks of `size` bytes or in one. */
export function replyOf(cell: Pick<Cell, 'out' | 'streaming'>, bytes: Buffer | string, size?: number): Reply {
  const headers = cell.streaming === 'stream' ? { 'content-type': wires[cell.out].streamType } : wholeHeaders;
  return { headers, chunks: cut(Buffer.from(bytes), size) };
}

/** A refusal with this status. */
export function refusalOf(body: Buffer, status = 400, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...wholeHeaders, ...headers }, chunks: [body] };
}

export function cut(bytes: Buffer, size = bytes.length): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  return chunks;
}
