/** What an image is by its first bytes, and where one may lie. It does not fetch or decode any. */
import { unsupported } from './fields.ts';
import type { MediaSource } from './request.ts';

const signatures: readonly (readonly [mediaType: string, pattern: RegExp])[] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
];

/** The type that the bytes themselves speak of; `undefined` where it is none of the common ones. */
export function imageTypeOf(base64: string): string | undefined {
  const head = Buffer.from(base64.slice(0, 24), 'base64').toString('latin1');
  return signatures.find(([, pattern]) => pattern.test(head))?.[0];
}

/** A document, though a client may have sent it as an image for want of another place. */
export function isPdf(source: MediaSource): boolean {
  return source.kind === 'base64' && source.mediaType === 'application/pdf';
}

/** Other addresses than those of the web (`gs:`, `file:`) mean something to one provider at most. @throws OpenClawError `unsupported_feature` */
export function refuseOtherThanWeb(url: string, { path, target }: { readonly path: string; readonly target: string }): void {
  if (/^https?:\/\//i.test(url)) return;
  throw unsupported(path, `an image at ${url.slice(0, url.indexOf(':') + 1) || 'no'} address`, target);
}
