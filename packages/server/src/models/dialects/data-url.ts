/** Base64 data URLs, taken apart and put together. It does not look into the data. */
import { invalid } from './fields.ts';

export interface Base64Source {
  readonly kind: 'base64';
  readonly mediaType: string;
  readonly data: string;
}

export function isDataUrl(url: string): boolean {
  return /^data:/i.test(url);
}

/** @throws OpenClawError `invalid_request` where the URL is not base64 with a media type */
export function parseDataUrl(url: string, path: string): Base64Source {
  const comma = url.indexOf(',');
  const header = comma === -1 ? '' : url.slice('data:'.length, comma);
  const [mediaType = '', ...parameters] = header.split(';');
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64';
  if (!isBase64 || !mediaType.includes('/')) throw invalid(path, 'must be a data URL of the form data:TYPE/SUBTYPE;base64,DATA');
  return { kind: 'base64', mediaType: mediaType.trim().toLowerCase(), data: url.slice(comma + 1) };
}

export function toDataUrl(source: Base64Source): string {
  return `data:${source.mediaType};base64,${source.data}`;
}
