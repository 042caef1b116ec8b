/**
 * How embeddings are asked for in the formats that are not OpenAI's: what is sent, and what comes back. Pure.
 *
 * A format without a line here has none, and a request to it is refused by name.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { DialectName } from '../dialects/dialect.ts';
import { unsupported } from '../dialects/fields.ts';

export interface EmbeddingsRequest {
  readonly texts: readonly string[];
  /** Length of the vectors, where the client wants another than the model's own. */
  readonly dimensions: number | undefined;
}

export interface EncodedEmbeddings {
  /** Below the base URL, starting with `/`. */
  readonly path: string;
  readonly body: JsonObject;
}

export interface DecodedEmbeddings {
  readonly vectors: readonly (readonly number[])[];
  /** Input tokens, where the provider counts them. */
  readonly tokens: number | undefined;
}

export interface EmbeddingsWire {
  /** @throws OpenClawError `unsupported_feature` */
  encode(request: EmbeddingsRequest, model: string): EncodedEmbeddings;
  /** @returns undefined for what is not an answer of this format */
  decode(body: JsonObject): DecodedEmbeddings | undefined;
}

const google: EmbeddingsWire = {
  encode: ({ texts, dimensions }, model) => ({
    path: `/models/${encodeURIComponent(model)}:batchEmbedContents`,
    body: {
      requests: texts.map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        ...(dimensions !== undefined && { outputDimensionality: dimensions }),
      })),
    },
  }),
  decode(body) {
    const vectors = list(body['embeddings'], (one) => (isJsonObject(one) ? numbers(one['values']) : undefined));
    const usage = body['usageMetadata'];
    return vectors && { vectors, tokens: isJsonObject(usage) ? count(usage['promptTokenCount']) : undefined };
  },
};

const ollama: EmbeddingsWire = {
  encode: ({ texts, dimensions }, model) => ({
    path: '/api/embed',
    body: { model, input: [...texts], ...(dimensions !== undefined && { dimensions }) },
  }),
  decode(body) {
    const vectors = list(body['embeddings'], numbers);
    return vectors && { vectors, tokens: count(body['prompt_eval_count']) };
  },
};

/** Amazon's Titan takes one text at a time, Cohere's models many. */
const bedrock: EmbeddingsWire = {
  encode({ texts, dimensions }, model) {
    const path = `/model/${encodeURIComponent(model)}/invoke`;
    if (/\bcohere\.embed/.test(model)) {
      if (dimensions !== undefined) throw unsupported('dimensions', 'another length of the vectors', model);
      return { path, body: { texts: [...texts], input_type: 'search_document' } };
    }
    const [only] = texts;
    if (texts.length !== 1 || only === undefined) throw unsupported('input', 'more than one text at a time', model);
    return { path, body: { inputText: only, ...(dimensions !== undefined && { dimensions }) } };
  },
  decode(body) {
    const single = numbers(body['embedding']);
    if (single) return { vectors: [single], tokens: count(body['inputTextTokenCount']) };
    const all = isJsonObject(body['embeddings']) ? body['embeddings']['float'] : body['embeddings'];
    const vectors = list(all, numbers);
    return vectors && { vectors, tokens: undefined };
  },
};

export const embeddingsWires: Readonly<Partial<Record<DialectName, EmbeddingsWire>>> = {
  'google-generative-ai': google,
  'bedrock-converse-stream': bedrock,
  ollama,
};

function list<T>(value: JsonValue | undefined, read: (item: JsonValue) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: JsonValue) => read(item));
  return items.includes(undefined) ? undefined : (items as T[]);
}

function numbers(value: JsonValue | undefined): readonly number[] | undefined {
  return Array.isArray(value) && value.every((item: JsonValue) => typeof item === 'number') ? value : undefined;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
