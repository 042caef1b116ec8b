/**
 * One small real request to a model through a gateway, as any client would make it: streamed, so that the time to the first
 * token is known. It asks for no output limit, because providers do not agree on the name of one.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { wordsOf } from './gateway-words.ts';
import type { Trial, TrialUsage } from './models-client.ts';

export interface TrialRequest {
  readonly address: string;
  readonly secret: string | undefined;
  /** The one that the gateway made for itself. */
  readonly certificate?: string | undefined;
  readonly model: string;
}

/** Models that think may take a while for one word. */
const trialTimeoutMs = 120_000;

/** @throws OpenClawError `gateway_unreachable` */
export async function askForOneWord({ address, secret, certificate, model }: TrialRequest): Promise<Trial> {
  const startedMs = systemClock.monotonicMs();
  const elapsedMs = (): number => systemClock.monotonicMs() - startedMs;
  const body = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Answer with the single word: ok' }],
  };
  const send = certificate === undefined ? fetch : trusting(certificate);
  const response = await send(new URL('/v1/chat/completions', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(trialTimeoutMs),
  }).catch((thrown: unknown) => {
    throw new OpenClawError('gateway_unreachable', { details: { url: address, reason: reasonOf(thrown) }, cause: thrown });
  });
  const target = response.headers.get('x-openclaw-target');
  const seen: Seen = { firstTokenMs: null, usage: null, error: null };
  try {
    if (!response.ok) seen.error = wordsOf(parse(await response.text())) ?? { message: `The status is ${response.status}.`, hint: '' };
    else for await (const event of eventsOf(response)) take(event, seen, elapsedMs);
  } catch (thrown) {
    seen.error = { message: `The answer broke off: ${reasonOf(thrown)}.`, hint: '' };
  }
  return { target, ...seen, totalMs: elapsedMs() };
}

interface Question {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** `fetch` knows no way to trust one certificate. */
function trusting(ca: string): (url: URL, question: Question) => Promise<Response> {
  return async (url, { headers, body, signal }) => {
    const [{ request }, { Readable }] = await Promise.all([import('node:https'), import('node:stream')]);
    const call = request(url, { method: 'POST', headers, ca, signal, agent: false }).end(body);
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    const kept = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status: answer.statusCode ?? 0, headers: kept });
  };
}

interface Seen {
  firstTokenMs: number | null;
  usage: TrialUsage | null;
  error: Trial['error'];
}

function take(event: JsonObject, seen: Seen, elapsedMs: () => number): void {
  seen.error ??= wordsOf(event) ?? null;
  const [choice] = Array.isArray(event['choices']) ? event['choices'] : [];
  const delta = isJsonObject(choice) ? choice['delta'] : undefined;
  const says = isJsonObject(delta) && ['content', 'reasoning_content', 'tool_calls', 'refusal'].some((name) => isSomething(delta[name]));
  if (says) seen.firstTokenMs ??= elapsedMs();
  if (isJsonObject(event['usage'])) seen.usage = usageOf(event['usage']);
}

function isSomething(value: JsonValue | undefined): boolean {
  return typeof value === 'string' ? value !== '' : Array.isArray(value) && value.length > 0;
}

function usageOf(usage: JsonObject): TrialUsage {
  const details = usage['prompt_tokens_details'];
  const count = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);
  return {
    input: count(usage['prompt_tokens']),
    cacheRead: isJsonObject(details) ? count(details['cached_tokens']) : 0,
    output: count(usage['completion_tokens']),
  };
}

/** The events of a stream that the gateway wrote: one line of data each. */
async function* eventsOf({ body }: Response): AsyncGenerator<JsonObject> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.startsWith('data: ') ? parse(line.slice('data: '.length)) : undefined;
      if (event) yield event;
    }
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // `[DONE]`, or a page of something in between that is no gateway.
    return undefined;
  }
}
