/**
 * As much of a WebSocket as is used: what browsers and Node have as `WebSocket`, and what the package `ws` offers.
 *
 * It does not know what goes over it: see `connection.ts`.
 */
import { optionError } from '../errors.ts';

export interface SocketEvent {
  /** Of `message`. */
  readonly data?: unknown;
  /** Of `close`. */
  readonly code?: number;
  readonly reason?: string;
  /** Of `error`; browsers say nothing here, on purpose. */
  readonly message?: string;
  readonly error?: unknown;
}

export interface ControlSocket {
  /** Bytes that were taken and are not on their way yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void;
}

export type OpenSocket = (url: string) => ControlSocket;

/** With the WebSocket of the platform. */
export const openPlatformSocket: OpenSocket = (url) => {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket?: new (url: string) => ControlSocket };
  if (WebSocket === undefined) throw optionError('openSocket', 'given where the platform has no WebSocket');
  return new WebSocket(url);
};

/**
 * `http` and `https` become `ws` and `wss`, since people paste what they see in a browser. Query and fragment are taken off: a token there
 * must not travel.
 * @throws OpenClawError `usage_error`
 */
export function controlUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^(ws|http)s?:$/.test(url.protocol)) throw optionError('url', 'a URL that begins with ws:// or wss://');
  if (url.username !== '' || url.password !== '') throw optionError('url', 'without a name and a password in it');
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = '';
  url.hash = '';
  // Nobody writes the slash, and it is the same address.
  return url.pathname === '/' ? url.href.slice(0, -1) : url.href;
}

export function isLoopbackUrl(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
