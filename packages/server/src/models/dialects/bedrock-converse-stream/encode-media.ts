/**
 * Writes images, documents and sounds as Converse has them: as bytes, or where they lie in a bucket of S3. Bedrock fetches
 * nothing from the web, and neither does this.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { compact, unsupported } from '../fields.ts';
import { imageTypeOf } from '../media.ts';
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../request.ts';
import { audioFormats, documentFormats, formatOfName, imageFormats } from './media-formats.ts';

export interface MediaContext {
  /** The provider, for errors. */
  readonly target: string;
  /** A name that no other document of the request has. */
  readonly documentName: (filename: string | undefined) => string;
}

const pdf = 'application/pdf';

export function encodeImage(part: ImagePart, context: MediaContext): JsonObject {
  const { source } = part;
  const path = 'messages[].content[].image_url.url';
  if (source.kind !== 'base64') {
    const { uri, format } = inBucket(source, { path, what: 'an image', formats: imageFormats, target: context.target });
    return { image: { format, source: { s3Location: { uri } } } };
  }
  // Clients of other dialects send documents as images where theirs has no other place for them.
  if (source.mediaType === pdf) return encodeFile({ ...part, type: 'file', source }, context);
  const mediaType = imageTypeOf(source.data) ?? source.mediaType;
  const format = own(imageFormats, mediaType);
  if (format === undefined) throw unsupported(path, `an image of type ${mediaType}`, context.target);
  return { image: { format, source: { bytes: source.data } } };
}

export function encodeFile(part: FilePart, context: MediaContext): JsonObject {
  if (isOn(part.citations)) throw unsupported('messages[].content[].citations', 'citations of a document', context.target);
  const { format, source } = encodeDocument(part, context);
  return { document: compact<JsonObject>({ format, name: nameOf(part, format, context), source, context: part.context }) };
}

function encodeDocument({ source }: FilePart, { target }: MediaContext): { readonly format: string; readonly source: JsonObject } {
  const path = 'messages[].content[].file.file_data';
  if (source.kind === 'text') return { format: 'txt', source: { bytes: Buffer.from(source.text, 'utf8').toString('base64') } };
  if (source.kind === 'base64') {
    const format = own(documentFormats, source.mediaType) ?? (source.mediaType.startsWith('text/') ? 'txt' : undefined);
    if (format === undefined) throw unsupported(path, `a file of type ${source.mediaType}`, target);
    return { format, source: { bytes: source.data } };
  }
  const { uri, format } = inBucket(source, { path, what: 'a file', formats: documentFormats, target });
  return { format, source: { s3Location: { uri } } };
}

/** The file's name without its ending, which is the format. */
function nameOf({ filename }: FilePart, format: string, { documentName }: MediaContext): string {
  const ending = `.${format}`;
  return documentName(filename?.toLowerCase().endsWith(ending) ? filename.slice(0, -ending.length) : filename);
}

interface BucketOptions {
  readonly path: string;
  readonly what: string;
  readonly formats: Readonly<Record<string, string>>;
  readonly target: string;
}

/** @throws OpenClawError `unsupported_feature` for any place that is no bucket */
function inBucket(
  source: Exclude<MediaSource, { kind: 'base64' }>,
  options: BucketOptions,
): { readonly uri: string; readonly format: string } {
  const { path, what, formats, target } = options;
  if (source.kind === 'fileId') throw unsupported(path, `${what} by file id, which belongs to one provider`, target);
  const { url } = source;
  if (!/^s3:\/\//i.test(url))
    throw unsupported(path, `${what} at a ${/^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] ?? 'relative'} address`, target);
  const format = formatOfName(url, formats);
  if (format === undefined) throw unsupported(path, `${what} whose address does not end in its format`, target);
  return { uri: url, format };
}

export function encodeAudio({ data, format }: AudioPart, { target }: MediaContext): JsonObject {
  if (!audioFormats.has(format)) throw unsupported('messages[].content[].input_audio.format', `sound of format ${format}`, target);
  return { audio: { format, source: { bytes: data } } };
}

function isOn(citations: JsonValue | undefined): boolean {
  return isJsonObject(citations) && citations['enabled'] === true;
}

function own(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
