/**
 * A request to a model, in no vendor's words: what every dialect decodes into and encodes from.
 *
 * Order is meaning here: messages and parts keep the order in which the client sent them. Nothing is summarised or
 * dropped on the way in; what a dialect cannot express on the way out it refuses by name.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';

export interface ModelRequest {
  /** The dialect that the client spoke: what only that dialect has a meaning for can be carried to it and to no other. */
  readonly dialect: string;
  /** The model's name as the upstream knows it once a target is chosen; before that, as the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  /** Whether the client asked to see usage in a stream (`stream_options.include_usage`; always true for Anthropic). */
  readonly includeUsage: boolean;
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stopSequences?: readonly string[];
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: Reasoning;
  /** Opaque id of the end user, for the provider's abuse detection. */
  readonly user?: string;
  /** `auto`, `flex`, `priority`, …: the client's word, carried as it is. */
  readonly serviceTier?: string;
  /**
   * Top-level fields that only the client's own dialect has a meaning for, under their names on its wire.
   * A dialect that knows one may carry it; one that does not must refuse it by name (`unsupported_feature`).
   */
  readonly extensions: JsonObject;
}

export interface Message {
  /**
   * `system` holds developer messages too, at whatever place they came; `tool` holds tool results only, one message
   * for each run of results (Anthropic's user turns are split into a `tool` and a `user` message, in order).
   */
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly parts: readonly Part[];
  /** The author's name, where the wire has one (OpenAI's `name`). */
  readonly name?: string;
  /** True where the client wrote `developer` and not `system`. */
  readonly developer?: boolean;
  /** Fields of the message that have no place here, under their names on the client's wire. */
  readonly extensions?: JsonObject;
}

export type Part =
  | TextPart
  | ImagePart
  | FilePart
  | AudioPart
  | ThinkingPart
  | RedactedThinkingPart
  | RefusalPart
  | ToolCallPart
  | ToolResultPart
  | NativePart;

interface Extendable {
  /** Prompt-cache breakpoint after this part, in Anthropic's words (`{ type: 'ephemeral', ttl: '1h' }`). */
  readonly cacheControl?: JsonObject;
  /** Fields of the part that have no place here, under their names on the client's wire. */
  readonly extensions?: JsonObject;
}

export interface TextPart extends Extendable {
  readonly type: 'text';
  readonly text: string;
  /** Citations and the like, kept verbatim for a replay to the same dialect. */
  readonly citations?: JsonValue;
}

export interface ImagePart extends Extendable {
  readonly type: 'image';
  readonly source: MediaSource;
  /** OpenAI's `low`, `high`, `auto`. */
  readonly detail?: string;
}

export interface FilePart extends Extendable {
  readonly type: 'file';
  readonly source: MediaSource | { readonly kind: 'text'; readonly text: string };
  readonly filename?: string;
  readonly context?: string;
  readonly citations?: JsonValue;
}

export interface AudioPart {
  readonly type: 'audio';
  readonly data: string;
  readonly format: string;
}

export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'fileId'; readonly fileId: string };

export interface ThinkingPart {
  readonly type: 'thinking';
  readonly text: string;
  /** Proof that the provider wrote it; without one it is not sent back to a provider that wants it. */
  readonly signature?: string;
}

export interface RedactedThinkingPart {
  readonly type: 'redactedThinking';
  readonly data: string;
}

export interface RefusalPart {
  readonly type: 'refusal';
  readonly text: string;
}

export interface ToolCallPart extends Extendable {
  readonly type: 'toolCall';
  readonly id: string;
  readonly name: string;
  /** JSON text exactly as the model wrote it; `''` where it wrote none. May be malformed, and is kept then. */
  readonly argumentsJson: string;
}

export interface ToolResultPart extends Extendable {
  readonly type: 'toolResult';
  readonly toolCallId: string;
  readonly parts: readonly (TextPart | ImagePart | FilePart | NativePart)[];
  readonly isError?: boolean;
}

/** A part of a kind that only its own dialect has (a server tool's result), verbatim. */
export interface NativePart {
  readonly type: 'native';
  readonly dialect: string;
  readonly value: JsonObject;
}

export type Tool = FunctionTool | NativeTool;

export interface FunctionTool extends Extendable {
  readonly type: 'function';
  readonly name: string;
  readonly description?: string;
  /** JSON Schema, untouched. */
  readonly inputSchema?: JsonObject;
  readonly strict?: boolean;
}

/** A tool that the provider itself carries out, or a kind that is not known here: its wire form, verbatim. */
export interface NativeTool {
  readonly type: 'native';
  readonly dialect: string;
  readonly definition: JsonObject;
}

export type ToolChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'none' }
  | { readonly type: 'required' }
  | { readonly type: 'function'; readonly name: string }
  /** A form of choice that only its own dialect has (OpenAI's `allowed_tools`), verbatim. */
  | { readonly type: 'native'; readonly dialect: string; readonly value: JsonObject };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'jsonObject' }
  | {
      readonly type: 'jsonSchema';
      readonly name: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

export interface Reasoning {
  /** `none`, `minimal`, `low`, `medium`, `high`, …: the client's word. */
  readonly effort?: string;
  /** Tokens that the model may think; 0 switches thinking off. */
  readonly budgetTokens?: number;
  /** The provider decides how much to think (Anthropic's `adaptive`). */
  readonly adaptive?: boolean;
}
