/**
 * A dialect: one wire format, in five functions. Pure: no network, no clock, no configuration, no vendor names, so that
 * its tests are recorded bytes. What differs between vendors of one dialect is data in `Quirks`.
 *
 * Two of the five face clients, three face providers. A format that no client of the gateway speaks has only the latter.
 *
 * It does not retry, route or count: see `../attempts.ts`, `../routing/route.ts`, `../usage/usage.ts`.
 */
import type { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ModelEvent, StartEvent } from './events.ts';
import type { ModelRequest } from './request.ts';

/** Formats that a provider may speak. */
export type DialectName = ClientDialectName | 'google-generative-ai' | 'bedrock-converse-stream' | 'ollama';

/** Formats that a client may speak: each has an endpoint. */
export type ClientDialectName = 'openai-completions' | 'openai-responses' | 'anthropic-messages';

/** Both sides of one format. */
export interface Dialect extends ClientDialect, ProviderDialect {
  readonly name: ClientDialectName;
}

/** The side of a format that clients of the gateway see. */
export interface ClientDialect {
  readonly name: ClientDialectName;

  /** What is sent where client and provider speak this format and the body goes through as it is. */
  readonly passthrough: Passthrough;

  /**
   * Client → gateway. Reads the body of a request.
   * @throws OpenClawError `invalid_request` that names the path of the field.
   */
  decodeRequest(body: JsonObject): ModelRequest;

  /** Gateway → client. Writes one answer. */
  encodeResponse(options: EncodeOptions): ResponseEncoder;
}

/** The side of a format that providers see. */
export interface ProviderDialect {
  readonly name: DialectName;

  /** How a streamed answer is cut into events. */
  readonly framing: Framing;

  /**
   * Gateway → provider. The body for the upstream, with `target.model` in it, and the path it is posted to below the base URL.
   * Asks for usage on every stream.
   * @throws OpenClawError `unsupported_feature` that names what cannot be carried.
   */
  encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedRequest;

  /** Provider → gateway. Reads one answer: `event` for each part of a stream, or `whole` once. */
  decodeResponse(provider: string): ResponseDecoder;

  /**
   * What a refusal of the provider means: an error of the catalogue, retryable or not, and no sooner than when.
   * `headers` have lower-case names; `nowMs` is the wall clock, for dates in Retry-After.
   */
  classify(failure: UpstreamFailure): OpenClawError;
}

export interface Passthrough {
  /** Below the base URL, starting with `/`. */
  readonly path: string;
  /** Headers of the client that mean something to a provider of the same format. Everything else stays here. */
  readonly forwardedHeaders: readonly string[];
  /** Whether a stream says its usage only if `stream_options.include_usage` asks for it, in an event of its own. */
  readonly usageOnRequest: boolean;
}

/** How the bytes of a stream become events. */
export interface Framing {
  /** What the `content-type` of such a stream contains. */
  readonly contentType: string;
  /** Loads what the parser needs, where that is too much for the start of the gateway. Awaited before `createParser`; instant from the second time on. */
  readonly prepare?: () => Promise<void>;
  /** The parser of one stream. `provider` is who sends it, for errors. */
  createParser(provider: string): FrameParser;
}

export interface FrameParser {
  /** Takes the next bytes, gives the events that they complete. @throws OpenClawError `upstream_malformed` */
  push(chunk: Buffer): readonly StreamFrame[];
}

/** One event of a stream, whatever framed it. */
export interface StreamFrame {
  /** The kind that the framing itself names; `message` where it names none. */
  readonly name: string;
  /** The payload as text; `undefined` for a frame without any (a comment). */
  readonly data: string | undefined;
  /** Every byte of the frame. */
  readonly raw: Buffer;
}

export interface EncodeTarget {
  readonly provider: string;
  readonly model: string;
  readonly quirks: Quirks;
  /** Used where the dialect demands a limit and the client gave none (Anthropic's `max_tokens`). */
  readonly maxOutputTokens: number;
}

/** Ways in which a vendor or model departs from its dialect. Everything absent is as the dialect says. */
export interface Quirks {
  /** Name of the field for the output limit. @default 'max_completion_tokens' for openai.com, 'max_tokens' elsewhere */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** False where the upstream refuses `stream_options`. @default true */
  readonly streamUsage?: boolean;
  /** False where the upstream knows no role `developer`. @default false */
  readonly developerRole?: boolean;
  /** True where models take instructions at the front alone, as one message: theirs is a template that fails otherwise. */
  readonly systemFirst?: boolean;
  /** How the names begin that the upstream takes in `anthropic-beta`, without their dates; others are left out. @default all */
  readonly anthropicBetas?: readonly string[];
  /** Tool ids must be exactly nine letters or digits (Mistral). */
  readonly toolIdLength9?: boolean;
  /** A user's message must not follow the result of a tool directly (Mistral). */
  readonly assistantAfterTool?: boolean;
  /** Reports `stop` although tools were called (xAI, Gemini's compatible endpoint, some local servers). */
  readonly finishStopOnTools?: boolean;
  /** Sends every tool call as index 0; calls are told apart by their ids. */
  readonly toolIndexAlwaysZero?: boolean;
  /**
   * True where earlier turns may carry `reasoning_content` (DeepSeek), false where a field of thinking makes the request refused
   * (Groq, Cerebras, Mistral). @default only if the client spoke the same dialect
   */
  readonly reasoningContent?: boolean;
  /** True where parts may carry Anthropic's `cache_control` (OpenRouter). @default only if the client spoke the same dialect */
  readonly cacheControl?: boolean;
  /** True where an OpenAI-like upstream takes `top_k` (vLLM, llama.cpp). @default only if the client spoke the same dialect */
  readonly topK?: boolean;
  /** True for models that take a budget of thinking tokens and no effort (Claude before 4.6). @default false */
  readonly thinkingBudget?: boolean;
  /** True where a last message of the assistant is the beginning of the answer, and the model goes on with it. @default false */
  readonly prefill?: boolean;
  /** True for models that take `system` messages within the conversation (Claude since Opus 4.8). @default only if the client spoke the same dialect */
  readonly systemMessages?: boolean;
  /** True where the model stands in the path and the version of the API in the body (Claude on Vertex AI). @default false */
  readonly modelInPath?: boolean;
}

export interface EncodedRequest {
  /** Below the vendor's base URL, starting with `/`. */
  readonly path: string;
  readonly body: JsonObject;
  /** Headers that the dialect itself demands (`anthropic-version`). Credentials are not its business. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Never throws for what an upstream sent: a failure is an `error` event, and it is the last. */
export interface ResponseDecoder {
  /** One event of a stream. */
  event(event: StreamFrame): readonly ModelEvent[];
  /** The stream ended: `[]` if it was complete, else an `error` event (`upstream_truncated`). */
  end(): readonly ModelEvent[];
  /** A whole answer that did not stream. */
  whole(body: JsonObject): readonly ModelEvent[];
  /** The whole answer as its own wire has it, once it has ended well, where an event of the stream holds it. */
  readonly answer?: JsonObject | undefined;
}

export interface EncodeOptions {
  /** What the client asked for as `model`, for answers whose provider names none. */
  readonly requestedModel: string;
  readonly includeUsage: boolean;
  readonly requestId: string;
  /** Unix milliseconds, for `created` where the provider said nothing. */
  readonly nowMs: number;
  /** What the client sent, for dialects whose answers repeat it. */
  readonly request?: JsonObject;
  /** Set where an answer began elsewhere, its bytes having passed through, and has to be ended here. */
  readonly continues?: { readonly start: StartEvent; readonly eventCount: number };
}

export interface ResponseEncoder {
  /** The bytes of a stream for these events, `''` if there is nothing to say yet. After the terminal event always `''`. */
  stream(events: readonly ModelEvent[]): string;
  /** The body of an answer that does not stream, from all its events; the last is `finish`. */
  whole(events: readonly ModelEvent[]): JsonObject;
  /** The whole answer once it has ended, where the last event of the stream holds it. */
  readonly answer?: JsonObject | undefined;
}

export interface UpstreamFailure {
  readonly provider: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 KiB of it. */
  readonly body: string;
  readonly nowMs: number;
}
