/**
 * Embeddings as an operation: `POST /v1/embeddings`, in OpenAI's form. To providers of that form the bytes go through as they
 * are; for the others (`wires.ts`) request and answer are translated.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ModelCall } from '../call.ts';
import { invalid, unsupported } from '../dialects/fields.ts';
import { readEnvelope, replaceModel } from '../dialects/index.ts';
import type { DialectName } from '../dialects/dialect.ts';
import type { Usage } from '../dialects/events.ts';
import { checkModelName } from '../model-name.ts';
import { ParsedBody } from '../parsed-body.ts';
import { charactersPerToken, type AttemptContext, type Operation } from '../operation.ts';
import { parseAnswer, readWhole } from '../read-whole.ts';
import { pathAt, sendTo } from '../send.ts';
import { sessionOf } from '../routing/session.ts';
import type { Target } from '../target.ts';
import type { UpstreamRequest } from '../upstream.ts';
import { embeddingsWires, type DecodedEmbeddings, type EmbeddingsRequest, type EmbeddingsWire } from './wires.ts';

/** Formats whose providers have OpenAI's endpoint for embeddings. */
const sameForm: ReadonlySet<DialectName> = new Set<DialectName>(['openai-completions', 'openai-responses']);

/** @throws OpenClawError `invalid_request` */
export function createEmbeddings(call: ModelCall, body: JsonObject): Operation {
  const { model } = readEnvelope(body);
  checkModelName(model);
  const parsed = new ParsedBody(call.body, body);
  return {
    model,
    stream: false,
    estimate: { input: Math.ceil(call.body.length / charactersPerToken), output: 0 },
    body: () => parsed.value,
    session: () => sessionOf(call, parsed.value),
    // Vectors are long, and asked for once.
    cacheKey: () => undefined,
    replay: () => Promise.reject(new OpenClawError('internal_error', { details: { requestId: call.requestId } })),
    async ask(target, context) {
      const { dialect } = target.provider;
      if (sameForm.has(dialect)) return passThrough({ call, target, context });
      const wire = embeddingsWires[dialect];
      if (!wire) throw unsupported('model', 'a request for embeddings', target.name);
      return translate(wire, { call, target, context }, parsed.value);
    },
  };
}

interface Asked {
  readonly call: ModelCall;
  readonly target: Target;
  readonly context: AttemptContext;
}

async function passThrough({ call, target, context }: Asked): Promise<void> {
  const bytes = await ask({ call, target, context }, '/embeddings', replaceModel(call.body, target.model));
  const answer = parseAnswer(bytes, target.provider.id);
  if (!Array.isArray(answer['data'])) throw malformed(target, 'it has no list of embeddings');
  const usage = answer['usage'] as { prompt_tokens?: unknown } | undefined;
  note(context, typeof usage?.prompt_tokens === 'number' ? usage.prompt_tokens : undefined);
  context.onOutput();
  context.answer.endWhole(bytes);
}

/** What the answer is read against. The request itself is let go of when it has been sent. */
interface Expected {
  readonly count: number;
  readonly base64: boolean;
}

function translate(wire: EmbeddingsWire, asked: Asked, body: JsonObject): Promise<void> {
  const { target } = asked;
  const request = readRequest(body, target.name);
  const { path, body: sent } = wire.encode(request, target.model);
  const expected = { count: request.texts.length, base64: body['encoding_format'] === 'base64' };
  return deliver(wire, asked, { answer: ask(asked, path, Buffer.from(JSON.stringify(sent))), expected });
}

async function deliver(
  wire: EmbeddingsWire,
  { target, context }: Asked,
  { answer, expected }: { readonly answer: Promise<Buffer>; readonly expected: Expected },
): Promise<void> {
  const decoded = wire.decode(parseAnswer(await answer, target.provider.id));
  if (decoded?.vectors.length !== expected.count) throw malformed(target, `it has not ${expected.count} embeddings`);
  note(context, decoded.tokens);
  context.onOutput();
  context.answer.endWhole(encodeAnswer(decoded, { model: target.model, base64: expected.base64 }));
}

async function ask({ call, target, context }: Asked, path: string, body: Buffer): Promise<Buffer> {
  const { provider, key } = target;
  const request: UpstreamRequest = {
    ...{ method: 'POST', origin: provider.origin, path: pathAt(provider, path), body },
    headers: { ...key.headers, 'content-type': 'application/json', 'accept-encoding': 'identity' },
  };
  const { signal, clock } = context;
  const response = await sendTo(target, request, { signal, clock, requestId: call.requestId, stream: false, dialect: provider.dialect });
  return readWhole(response, provider.id, call);
}

/** @throws OpenClawError `invalid_request`, `unsupported_feature` for what only OpenAI's form can say */
function readRequest(body: JsonObject, target: string): EmbeddingsRequest {
  const { input, dimensions } = body;
  const known: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user']);
  const unknown = Object.keys(body).find((name) => !known.has(name));
  if (unknown !== undefined) throw unsupported(unknown, `the field ${unknown}`, target);
  if (dimensions !== undefined && !(typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions > 0)) {
    throw invalid('dimensions', 'must be a whole number above 0');
  }
  const format = body['encoding_format'];
  if (format !== undefined && format !== 'float' && format !== 'base64') throw invalid('encoding_format', "must be 'float' or 'base64'");
  const texts = Array.isArray(input) ? input : [input];
  if (texts.length === 0) throw invalid('input', 'must hold at least one text');
  return {
    texts: texts.map((text: JsonValue | undefined, index) => textOf(text, Array.isArray(input) ? `input[${index}]` : 'input', target)),
    dimensions,
  };
}

function textOf(value: JsonValue | undefined, path: string, target: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' || Array.isArray(value)) throw unsupported(path, 'input as tokens', target);
  throw invalid(path, 'must be a text that is not empty');
}

function encodeAnswer({ vectors, tokens = 0 }: DecodedEmbeddings, how: { readonly model: string; readonly base64: boolean }): string {
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: how.base64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector,
  }));
  return JSON.stringify({ object: 'list', data, model: how.model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function note({ observed }: AttemptContext, tokens: number | undefined): void {
  const usage: Usage = { input: tokens ?? 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  if (tokens !== undefined) observed.usage = usage;
}

function malformed({ provider }: Target, reason: string): OpenClawError {
  return new OpenClawError('upstream_malformed', { details: { provider: provider.id, reason } });
}
