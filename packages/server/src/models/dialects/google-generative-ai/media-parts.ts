/**
 * Writes images, files and sound as Gemini has them: bytes as `inlineData`, addresses as `fileData`, which Google itself
 * fetches (web addresses, `gs:` and what was uploaded to it). The gateway fetches nothing.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { compact, unsupported } from '../fields.ts';
import { imageTypeOf } from '../media.ts';
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../request.ts';

const path = 'messages[].content[].source';

export function encodeImage({ source }: ImagePart, target: EncodeTarget): JsonObject {
  // Gemini refuses an image that is not of the type that its client declared.
  if (source.kind === 'base64') return inline(imageTypeOf(source.data) ?? source.mediaType, source.data);
  return encodeAddress(source, 'an image', target);
}

export function encodeAudio({ format, data }: AudioPart): JsonObject {
  return inline(`audio/${format}`, data);
}

/** A file, with its name and what is known of it as text before it: there is no other place that a model reads. */
export function encodeFile(part: FilePart, target: EncodeTarget): JsonObject[] {
  const { source } = part;
  if (isJsonObject(part.citations) && part.citations['enabled'] === true) {
    throw unsupported('messages[].content[].citations', 'citations of a document', target.provider);
  }
  const heading = headingOf(part);
  if (source.kind === 'text') return [{ text: heading === '' ? source.text : `${heading}\n\n${source.text}` }];
  const file = source.kind === 'base64' ? inline(source.mediaType, source.data) : encodeAddress(source, 'a document', target);
  return heading === '' ? [file] : [{ text: heading }, file];
}

export function headingOf({ filename, context }: FilePart): string {
  return [filename, context].filter((line) => line !== undefined && line !== '').join('\n');
}

function inline(mimeType: string, data: string): JsonObject {
  return { inlineData: { mimeType, data } };
}

function encodeAddress(source: Exclude<MediaSource, { kind: 'base64' }>, what: string, target: EncodeTarget): JsonObject {
  if (source.kind === 'fileId') throw unsupported(path, `${what} by file id, which belongs to one provider`, target.provider);
  const { url } = source;
  if (!/^(https?|gs):\/\//i.test(url)) {
    throw unsupported(path, `${what} at ${url.slice(0, url.indexOf(':') + 1) || 'no'} address`, target.provider);
  }
  return { fileData: compact<JsonObject>({ fileUri: url, mimeType: typeOfAddress(url) }) };
}

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  mp4: 'video/mp4',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
};

/** By the ending of its path. Where that says nothing Google finds out for itself. */
function typeOfAddress(url: string): JsonValue | undefined {
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, ''))?.[1]?.toLowerCase();
  return ending !== undefined && Object.hasOwn(types, ending) ? types[ending] : undefined;
}
