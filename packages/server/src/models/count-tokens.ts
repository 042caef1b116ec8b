/**
 * A count of tokens as an operation: `POST /v1/messages/count_tokens`. A provider of the Messages API counts itself; for the
 * others the count is an estimate from the length of what would be sent, and says so.
 */
import { OpenClawError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ModelCall } from './call.ts';
import { dialects, readEnvelope, replaceModel } from './dialects/index.ts';
import type { ModelRequest, Part } from './dialects/request.ts';
import { checkModelName } from './model-name.ts';
import { charactersPerToken, type AttemptContext, type Operation } from './operation.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import { ParsedBody } from './parsed-body.ts';
import { parseAnswer, readWhole } from './read-whole.ts';
import { pathAt, sendTo } from './send.ts';
import { sessionOf } from './routing/session.ts';
import type { Target } from './target.ts';

/** What providers count for one picture of usual size. */
const imageTokens = 1500;
/** Around each message and each tool. */
const frameTokens = 5;

/** @throws OpenClawError `invalid_request` */
export function createTokenCount(call: ModelCall, body: JsonObject): Operation {
  const { model } = readEnvelope(body);
  checkModelName(model);
  const parsed = new ParsedBody(call.body, body);
  return {
    model,
    stream: false,
    // Nothing is generated, and nothing is charged for it.
    estimate: { input: 0, output: 0 },
    body: () => parsed.value,
    session: () => sessionOf(call, parsed.value),
    cacheKey: () => undefined,
    replay: () => Promise.reject(new OpenClawError('internal_error', { details: { requestId: call.requestId } })),
    ask: (target, context) =>
      target.provider.dialect === 'anthropic-messages' ? askProvider(call, target, context) : answerEstimate(parsed.value, context),
  };
}

async function askProvider(call: ModelCall, target: Target, context: AttemptContext): Promise<void> {
  const { provider, key } = target;
  const { path } = dialects['anthropic-messages'].passthrough;
  const headers = { 'anthropic-version': '2023-06-01', ...forwardedHeaders(call, target.quirks ?? provider.quirks) };
  const response = await sendTo(
    target,
    {
      ...{ method: 'POST', origin: provider.origin, path: pathAt(provider, `${path}/count_tokens`) },
      headers: { ...headers, ...key.headers, 'content-type': 'application/json', 'accept-encoding': 'identity' },
      body: replaceModel(call.body, target.model),
    },
    { signal: context.signal, clock: context.clock, requestId: call.requestId, stream: false, dialect: provider.dialect },
  );
  const bytes = await readWhole(response, provider.id, call);
  if (typeof parseAnswer(bytes, provider.id)['input_tokens'] !== 'number') {
    throw new OpenClawError('upstream_malformed', { details: { provider: provider.id, reason: 'it has no count of tokens' } });
  }
  context.onOutput();
  context.answer.endWhole(bytes);
}

function answerEstimate(body: JsonObject, { answer, onOutput }: AttemptContext): Promise<void> {
  // A count asks for no answer, so it has no limit for one.
  const request = dialects['anthropic-messages'].decodeRequest({ max_tokens: 1, ...body });
  onOutput();
  answer.endWhole(JSON.stringify({ input_tokens: estimateTokens(request), openclaw: { estimated: true } }));
  return Promise.resolve();
}

/** Text by its length, pictures at a usual size. */
export function estimateTokens({ messages, tools = [] }: ModelRequest): number {
  let tokens = (messages.length + tools.length) * frameTokens;
  for (const { parts } of messages) for (const part of parts) tokens += tokensOf(part);
  for (const tool of tools) tokens += JSON.stringify(tool).length / charactersPerToken;
  return Math.ceil(tokens);
}

function tokensOf(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return part.text.length / charactersPerToken;
    case 'image':
      return imageTokens;
    case 'toolCall':
      return (part.name.length + part.argumentsJson.length) / charactersPerToken;
    case 'toolResult':
      return part.parts.reduce((sum, inner) => sum + tokensOf(inner), 0);
    default:
      return JSON.stringify(part).length / charactersPerToken;
  }
}
