/**
 * One attempt at one target: what is sent, and whether the answer is one. A refusal becomes an error of the catalogue here.
 *
 * It does not read the body of a good answer or write to the client: see `read-answer.ts`.
 */
import type { JsonObject } from '../core/json.ts';
import { withFormatFor } from './answer-format.ts';
import type { ModelCall } from './call.ts';
import type { Continuation } from './continuation.ts';
import type { DialectName, Quirks, ResponseEncoder } from './dialects/dialect.ts';
import { dialects, providerDialects, readEnvelope, replaceModel } from './dialects/index.ts';
import { mayHoldReasoning } from './dialects/openai-completions/reasoning-fields.ts';
import { hasScatteredSystem } from './dialects/openai-completions/system-first.ts';
import { foreignProofMark } from './dialects/openai-responses/reasoning.ts';
import { mayHoldMarked } from './dialects/signatures.ts';
import type { ModelRequest } from './dialects/request.ts';
import { forwardedHeaders, idempotencyOf } from './forwarded-headers.ts';
import { spokenWith } from './spoken.ts';
import type { Target } from './target.ts';
import { checkModelName } from './model-name.ts';
import { ParsedBody } from './parsed-body.ts';
import { pathAt, sendTo, type SendContext } from './send.ts';
import type { UpstreamRequest, UpstreamResponse } from './upstream.ts';

/** Output limit where the dialect demands one and neither client nor catalogue knows it. */
const fallbackMaxOutputTokens = 4096;

/** An answer under way whose parts may come from several targets. */
export interface AnswerProgress {
  readonly continuation: Continuation;
  readonly encoder: ResponseEncoder;
}

/** A client's request. Unless it is large it is decoded at most once, however many targets are tried. */
export class IncomingRequest {
  readonly call: ModelCall;
  /** The model as the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Whether an answer that breaks off may be gone on with elsewhere. */
  mayGoOn = false;
  /** The answer that the client sees, once it sees one that may be gone on with. */
  progress: AnswerProgress | undefined;
  readonly #body: ParsedBody;
  #decoded: ModelRequest | undefined;
  #foreignProof: boolean | undefined;
  #reasoning: boolean | undefined;
  #scattered: boolean | undefined;

  /** Whether the client of an OpenAI stream asked for the chunk with the usage. */
  readonly wantsUsage: boolean;

  /** @throws OpenClawError `invalid_request` where routing cannot read what it needs */
  constructor(call: ModelCall, body: JsonObject) {
    const envelope = readEnvelope(body);
    checkModelName(envelope.model);
    this.call = call;
    this.#body = new ParsedBody(call.body, body);
    this.model = envelope.model;
    this.stream = envelope.stream;
    this.wantsUsage = envelope.includeUsage;
  }

  /** As the client sent it. */
  get body(): JsonObject {
    return this.#body.value;
  }

  /** In no vendor's words. @throws OpenClawError `invalid_request` */
  get decoded(): ModelRequest {
    if (this.#decoded) return this.#decoded;
    const decoded = dialects[this.call.dialect].decodeRequest(this.body);
    if (this.#body.isKept) this.#decoded = decoded;
    return decoded;
  }

  /** What is asked of the next target: the client's request, and what was answered so far where that is gone on with. */
  get toEncode(): ModelRequest {
    return this.progress ? this.progress.continuation.request(this.decoded) : this.decoded;
  }

  /** Whether bytes can go through untouched: both sides speak the same dialect and the vendor needs no repair. */
  passesThrough(target: Target): boolean {
    if (this.mayGoOn || this.dialectAt(target) !== this.call.dialect || needsRepair(target)) return false;
    const { reasoningContent, systemFirst } = quirksOf(target);
    if (this.#holdsForeignProof || (reasoningContent === false && this.#holdsReasoning)) return false;
    return !(systemFirst && this.#scattersSystem);
  }

  /** The format in which this target is asked. */
  dialectAt({ provider }: Target): DialectName {
    return spokenWith(provider, this.call.dialect);
  }

  /** Proof of thinking that the gateway marked as another provider's: this one would refuse it, so it has to be taken out. */
  get #holdsForeignProof(): boolean {
    const { dialect, body } = this.call;
    return (this.#foreignProof ??=
      dialect === 'anthropic-messages' ? mayHoldMarked(body) : dialect === 'openai-responses' && body.includes(foreignProofMark));
  }

  /** Instructions at several places, for a model whose template takes them at the front alone. */
  get #scattersSystem(): boolean {
    return (this.#scattered ??= this.call.dialect === 'openai-completions' && hasScatteredSystem(this.body));
  }

  /** Fields of thinking, which a strict provider would refuse: they have to be taken out. */
  get #holdsReasoning(): boolean {
    const { dialect, body } = this.call;
    return (this.#reasoning ??= dialect === 'openai-completions' && mayHoldReasoning(body));
  }
}

/** Sends one attempt. @throws OpenClawError for a refusal, a timeout, an unreachable or a broken upstream */
export function sendAttempt(incoming: IncomingRequest, target: Target, context: SendContext): Promise<UpstreamResponse> {
  const { call, stream } = incoming;
  const request = encodeAttempt(incoming, target);
  return sendTo(target, request, { ...context, requestId: call.requestId, stream, dialect: incoming.dialectAt(target) });
}

function encodeAttempt(incoming: IncomingRequest, target: Target): UpstreamRequest {
  const { provider } = target;
  const { call } = incoming;
  const common = { method: 'POST', origin: provider.origin } as const;
  if (incoming.passesThrough(target)) {
    const { path, usageOnRequest } = dialects[call.dialect].passthrough;
    const includeUsage = incoming.stream && usageOnRequest && quirksOf(target).streamUsage !== false;
    return {
      ...common,
      path: pathAt(provider, path),
      headers: upstreamHeaders(incoming, target, {}),
      body: replaceModel(call.body, target.model, { includeUsage }),
    };
  }
  const encoded = providerDialects[incoming.dialectAt(target)].encodeRequest(withFormatFor(incoming.toEncode, target), {
    provider: provider.id,
    model: target.model,
    quirks: quirksOf(target),
    maxOutputTokens: target.known?.maxOutputTokens ?? fallbackMaxOutputTokens,
  });
  return {
    ...common,
    path: pathAt(provider, encoded.path),
    headers: upstreamHeaders(incoming, target, encoded.headers),
    body: Buffer.from(JSON.stringify(encoded.body)),
  };
}

function upstreamHeaders(
  incoming: IncomingRequest,
  target: Target,
  dialectHeaders: Readonly<Record<string, string>>,
): Record<string, string> {
  const { call } = incoming;
  const headers: Record<string, string> = { ...dialectHeaders };
  const isSame = incoming.dialectAt(target) === call.dialect;
  Object.assign(headers, isSame ? forwardedHeaders(call, quirksOf(target)) : idempotencyOf(call));
  return Object.assign(headers, target.key.headers, { 'content-type': 'application/json', 'accept-encoding': 'identity' });
}

export function quirksOf({ quirks, provider }: Target): Quirks {
  return quirks ?? provider.quirks;
}

function needsRepair(target: Target): boolean {
  const quirks = quirksOf(target);
  for (const quirk of repairs) if (quirks[quirk] === true) return true;
  return false;
}

const repairs = [
  'toolIdLength9',
  'assistantAfterTool',
  'finishStopOnTools',
  'toolIndexAlwaysZero',
  'modelInPath',
] as const satisfies readonly (keyof Quirks)[];
