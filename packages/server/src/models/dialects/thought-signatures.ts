/**
 * Proof of Gemini's thinking, as clients carry it from one turn to the next. Gemini puts a signature on any part of an answer
 * and wants it back on that part. OpenAI clients get that of a tool call where Google's own compatible endpoint puts it; for
 * all else it is the signature of a thinking block, with a mark that says whose it is and where it belongs.
 *
 * It does not read a wire: see the dialects.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** The part that a signature stood on. */
export type SignedPlace = 'call' | 'text' | 'thought';

export interface ThoughtSignature {
  readonly place: SignedPlace;
  readonly signature: string;
}

/** The signature of a thinking block for Gemini's signature of a part. */
export function markSignature(place: SignedPlace, signature: string): string {
  return `google:${place}:${signature}`;
}

/** Gemini's signature; `undefined` for that of any other provider. No base64 has a colon in it. */
export function readMarkedSignature(marked: string | undefined): ThoughtSignature | undefined {
  const [, place, signature] = /^google:(call|text|thought):(.+)$/s.exec(marked ?? '') ?? [];
  return place === undefined || signature === undefined ? undefined : { place: place as SignedPlace, signature };
}

const field = 'extra_content';

/** The field of a tool call, or of a message, that holds the signature in Google's OpenAI-compatible form. */
export function signatureFields(signature: string): JsonObject {
  return { [field]: { google: { thought_signature: signature } } };
}

export function signatureIn(fields: JsonObject | undefined): string | undefined {
  const extra = fields?.[field];
  const google = isJsonObject(extra) ? extra['google'] : undefined;
  const signature = isJsonObject(google) ? google['thought_signature'] : undefined;
  return typeof signature === 'string' && signature !== '' ? signature : undefined;
}

/** The fields without the signature, for a wire that has another place for it. */
export function withoutSignature(fields: JsonObject | undefined): JsonObject | undefined {
  if (!fields || signatureIn(fields) === undefined) return fields;
  const { [field]: _signature, ...others } = fields;
  return others;
}
