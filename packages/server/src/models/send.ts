/**
 * Sends one request to a target, whatever it asks, and says what a refusal means: an error of the catalogue.
 *
 * It does not make the request or read the body of a good answer: see `exchange.ts`, `embeddings/`, `read-answer.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { DialectName } from './dialects/dialect.ts';
import { providerDialects } from './dialects/index.ts';
import type { Provider, Target } from './target.ts';
import type { SendOptions, UpstreamRequest, UpstreamResponse } from './upstream.ts';

/** How much of a refusal is read: enough for any message, too little to be a burden. */
const refusalLimitBytes = 64 * 1024;
/** How long its words may take. The status has said enough to ask somebody else, who should not wait for them. */
const refusalLimitMs = 2000;

export interface SendContext {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export interface SendHow extends SendContext {
  readonly requestId: string;
  /** Whether the answer is to come in pieces; a whole one may take longer to begin. */
  readonly stream: boolean;
  /** The format in which it is asked, and in which it refuses. */
  readonly dialect: DialectName;
}

/** Resolves with a good answer. @throws OpenClawError for a refusal, a timeout, an unreachable or a broken upstream */
export async function sendTo({ provider, key }: Target, request: UpstreamRequest, how: SendHow): Promise<UpstreamResponse> {
  const options: SendOptions = {
    signal: how.signal,
    requestId: how.requestId,
    provider: provider.id,
    timeouts: how.stream ? provider.timeouts : { ...provider.timeouts, firstByteMs: provider.firstByteWholeMs },
  };
  const response = await provider.upstream.send(provider.sign ? await provider.sign(request) : request, options);
  if (response.status >= 200 && response.status < 300) return response;
  const body = await readRefusal(response.body, how.clock);
  const { status, headers } = response;
  const error = providerDialects[how.dialect].classify({ provider: provider.id, status, headers, body, nowMs: how.clock.now() });
  throw withKeySource(error, key.source);
}

/** Where something lies below the provider's base URL. */
export function pathAt({ basePath, query }: Provider, path: string): string {
  if (query === undefined) return basePath + path;
  return basePath + path + (path.includes('?') ? `&${query.slice(1)}` : query);
}

/** The dialect knows that the key was refused; only here is it known which. */
function withKeySource(error: OpenClawError, keySource: string): OpenClawError {
  if (error.code !== 'upstream_authentication') return error;
  return new OpenClawError(error.code, { details: { ...error.details, keySource }, status: error.status });
}

async function readRefusal(body: AsyncIterable<Buffer>, clock: Clock): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const reader = body[Symbol.asyncIterator]();
  const limit = clock.after(refusalLimitMs, () => void reader.return?.());
  try {
    while (length < refusalLimitBytes) {
      const step = await reader.next();
      if (step.done) break;
      chunks.push(step.value);
      length += step.value.length;
    }
  } catch (thrown) {
    // The status already says that it failed; words that broke off do not change what it means.
    if (!(thrown instanceof OpenClawError) || thrown.code === 'client_closed' || thrown.code === 'deadline_exceeded') throw thrown;
  } finally {
    limit.cancel();
    await reader.return?.();
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(length, refusalLimitBytes));
}
