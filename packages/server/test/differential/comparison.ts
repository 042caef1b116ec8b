/**
 * Has the same question asked twice at one scripted upstream: by Vercel's own provider for its wire format, and by a client of the gateway before it.
 * What the upstream was asked and what the callers learned has to mean the same, apart from the differences that `differences.ts` names.
 */
import { isDeepStrictEqual } from 'node:util';
import { startTestGateway } from '../harness/gateway.ts';
import { json, startProvider, type ReceivedRequest, type Reply } from '../harness/provider.ts';
import type { Answer, Conversation, Failure } from './conversation.ts';
import type { Difference, Exchange, Pairing, Side } from './difference.ts';
import { differences } from './differences.ts';
import { ask } from './outcome.ts';
import { awsKeys, clientOptions, clients, providers, type ClientName, type ProviderName } from './sides.ts';
import type { Wire } from './wires/wire.ts';

export interface Comparison {
  readonly client: ClientName;
  readonly streaming: boolean;
  /** What is left once the named differences are taken away. */
  readonly direct: Exchange;
  readonly through: Exchange;
  readonly equal: boolean;
  /** Nothing had to be taken away. */
  readonly asTheyAre: boolean;
  /** Those without which the two would not be equal. */
  readonly differences: readonly Difference[];
}

export interface Comparer extends AsyncDisposable {
  compare(conversation: Conversation, client: ClientName, streaming: boolean): Promise<Comparison>;
}

/** A gateway before an upstream that speaks `provider`. */
export async function startComparer(provider: ProviderName): Promise<Comparer> {
  const side = providers[provider];
  await using resources = new AsyncDisposableStack();
  const upstream = resources.use(await startProvider());
  const baseUrl = `${new URL(upstream.baseUrl).origin}${side.basePath}`;
  const gateway = resources.use(
    await startTestGateway({
      settings: {
        models: {
          providers: { [side.vendor]: { baseUrl, ...side.settings, models: [{ id: side.model }] } },
          // What one question came to must not decide how the next is treated.
          retry: { attempts: 1 },
          breaker: { failures: 1_000_000, minimumRequests: 1_000_000 },
        },
      },
      environment: provider === 'bedrock-converse-stream' ? awsKeys : {},
      logLevel: 'error',
    }),
  );
  const direct = side.direct(baseUrl);

  async function exchange(model: typeof direct, { question, answer }: Conversation, streaming: boolean): Promise<Exchange> {
    upstream.answer(replyOf(side.wire, answer, streaming));
    upstream.requests.length = 0;
    const outcome = await ask(model, question, streaming);
    return { requests: upstream.requests.map(({ path, json: body }: ReceivedRequest) => ({ path, body })), outcome };
  }

  const kept = resources.move();
  return {
    async compare(conversation, client, streaming) {
      const pair = {
        direct: await exchange(direct, conversation, streaming),
        through: await exchange(
          clients[client](gateway, `${side.vendor}/${side.model}`),
          { ...conversation, question: { ...conversation.question, providerOptions: clientOptions } },
          streaming,
        ),
      };
      return { client, streaming, ...judge({ provider, client, streaming, conversation }, pair) };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Pair {
  readonly direct: Exchange;
  readonly through: Exchange;
}

function judge(pairing: Pairing, pair: Pair): Omit<Comparison, 'client' | 'streaming'> {
  const applying = differences.filter(({ applies }) => applies?.(pairing) ?? true);
  const without = (known: readonly Difference[]): Pair => ({
    direct: reduce(pair.direct, { ...pairing, side: 'direct' }, known),
    through: reduce(pair.through, { ...pairing, side: 'through' }, known),
  });
  const equalWithout = (known: readonly Difference[]): boolean => isEqual(without(known));
  const left = without(applying);
  if (!isEqual(left)) return { ...left, equal: false, asTheyAre: false, differences: [] };
  const asTheyAre = equalWithout([]);
  const needed = asTheyAre ? [] : applying.filter((one) => !equalWithout(applying.filter((other) => other !== one)));
  return { ...left, equal: true, asTheyAre, differences: needed };
}

function isEqual({ direct, through }: Pair): boolean {
  return isDeepStrictEqual(direct, through);
}

/** What is left of an exchange without the known differences. */
function reduce(exchange: Exchange, side: Side, known: readonly Difference[]): Exchange {
  // As JSON has it: what is undefined is not there.
  const copy = JSON.parse(JSON.stringify(exchange)) as Exchange;
  return known.reduce((reduced, { take }) => take(reduced, side), copy);
}

function replyOf(wire: Wire, answer: Answer, streaming: boolean): Reply {
  const { failure } = answer;
  if (failure?.kind === 'refused') return json(wire.refusal(failure.status), failure.status);
  return streaming ? streamed(wire, answer, failure) : whole(wire, answer, failure);
}

/** A failure comes after as many parts as the answer's number says, always before the end. */
function streamed(wire: Wire, answer: Answer, failure: Failure | undefined): Reply {
  const all = wire.stream(answer);
  const parts = failure ? all.slice(0, Math.min((answer.finish % 10) + 1, all.length - 1)) : all;
  return async (response) => {
    response.writeHead(200, { 'content-type': wire.contentType });
    for (const part of failure?.kind === 'event' ? [...parts, wire.failure()] : parts) {
      await new Promise<void>((resolve) => response.write(part, () => setImmediate(resolve)));
    }
    if (failure?.kind === 'cut') response.destroy();
    else response.end();
  };
}

/** Only a cut can happen to an answer that does not stream. */
function whole(wire: Wire, answer: Answer, failure: Failure | undefined): Reply {
  if (failure?.kind !== 'cut') return json(wire.whole(answer));
  return async (response) => {
    const body = Buffer.from(JSON.stringify(wire.whole(answer)));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    await new Promise<void>((resolve) => response.write(body.subarray(0, body.length / 2), () => setImmediate(resolve)));
    response.destroy();
  };
}
