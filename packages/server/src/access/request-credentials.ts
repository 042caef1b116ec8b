/** What of an HTTP request may be a credential, and words for where it came from. It compares nothing. */

import { hostNameOf, isFromHere, isLoopbackName } from '../core/caller-place.ts';

/** Names in lower case, as `node:http` has them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Credential {
  /** For people: where it was seen. */
  readonly source: string;
  readonly text: string;
  /** It came where only device tokens do. */
  readonly isDeviceToken?: boolean;
}

export function readCredentials(headers: RequestHeaders): Credential[] {
  const credentials: Credential[] = [];
  const authorization = singleHeader(headers['authorization']);
  const hasScheme = /^bearer(?:\s|$)/i.test(authorization);
  const token = hasScheme ? authorization.slice('bearer'.length).trim() : authorization;
  if (token !== '') credentials.push({ source: hasScheme ? 'Authorization' : 'Authorization (without Bearer)', text: token });
  const apiKey = singleHeader(headers['x-api-key']);
  if (apiKey !== '') credentials.push({ source: 'x-api-key', text: apiKey });
  return credentials;
}

export function singleHeader(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
}

/** `Authorization and x-api-key` */
export function sourcesOf(credentials: readonly Credential[]): string {
  return credentials.map(({ source }) => source).join(' and ');
}

/** `$NAME`, `${NAME}`, `$(command)`, `%NAME%`, `{{ name }}`, `<your-key>`: what a shell, a template or a reader was to fill in. */
export function isUnexpanded(text: string): boolean {
  return text.length <= 80 && /^(?:\$\w+|\$\{\w+\}|\$\([\w ./-]+\)|%\w+%|\{\{ ?[\w.]+ ?\}\}|<[\w -]+>)$/.test(text);
}

/**
 * Whether it comes from this machine, from no proxy and from no page of a browser. A page that has its own name point here (DNS rebinding)
 * sends no `Origin` with what it reads, but that name as `Host`; programs of this machine name this machine.
 */
export function isFromThisMachine(headers: RequestHeaders, address: string): boolean {
  const host = singleHeader(headers['host']);
  return isFromHere(headers, address) && headers['origin'] === undefined && (host === '' || isLoopbackName(hostNameOf(host)));
}

/** Where a caller sits, as the errors of both doors say it. */
export function whereFrom(address: string, isThisMachine: boolean): string {
  return isThisMachine ? 'this machine' : address === '' ? 'an unknown address' : address;
}
