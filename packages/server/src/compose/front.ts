/**
 * The door to the network: one listener at a time, which can move to another address, other limits or HTTPS while the gateway runs.
 *
 * It does not know what is answered.
 */
import { isDeepStrictEqual } from 'node:util';
import { isLoopback, type Configuration } from '../config/index.ts';
import type { Log } from '../core/log.ts';
import { fingerprintOf, listen, type Handlers, type Listener, type ListenOptions } from '../gateway/index.ts';

type GatewaySettings = Configuration['settings']['gateway'];

export interface Front {
  readonly url: string;
  readonly port: number;
  /** Whether nobody beyond this machine can reach it. */
  readonly loopbackOnly: boolean;
  /** Of the certificate that new connections are shown; undefined where HTTP is spoken. */
  readonly fingerprint: string | undefined;
  /**
   * Listens as these settings say; where they change nothing of that, does nothing. Requests under way end where they began.
   * @throws OpenClawError `port_in_use`, `bind_failed`, `tls_invalid`; it listens as before then
   */
  moveTo(settings: GatewaySettings): Promise<void>;
  /** No new connection, idle ones are closed. Resolves when every answer has been handed over. */
  stopAccepting(): Promise<void>;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

export interface FrontOptions {
  readonly settings: GatewaySettings;
  readonly handlers: Handlers;
  /** Certificate and key for these settings; undefined where HTTP is spoken. @throws OpenClawError `tls_invalid` */
  readonly tlsOf: (settings: GatewaySettings) => Promise<ListenOptions['tls']>;
  readonly log: Log;
}

const hosts: Readonly<Record<string, string>> = { loopback: '127.0.0.1', lan: '0.0.0.0' };

export async function openFront({ settings, handlers, tlsOf, log }: FrontOptions): Promise<Front> {
  const place = async (wanted: GatewaySettings): Promise<ListenOptions> => ({
    host: wanted.bind === 'custom' ? (wanted.customBindHost ?? '') : (hosts[wanted.bind] ?? ''),
    port: wanted.port,
    limits: wanted.limits,
    tls: await tlsOf(wanted),
  });
  let options = await place(settings);
  let listener = await listen(options, handlers);
  // Listeners that take nothing new and still have answers to hand over.
  const leaving = new Set<Listener>();

  const leave = (old: Listener): void => {
    leaving.add(old);
    void old.stopAccepting().then(() => leaving.delete(old));
  };

  return {
    get url() {
      return urlOf(options, listener.port);
    },
    get port() {
      return listener.port;
    },
    get loopbackOnly() {
      return isLoopback(listener.host);
    },
    get fingerprint() {
      return options.tls && fingerprintOf(options.tls);
    },
    async moveTo(wanted) {
      const next = await place(wanted);
      if (isDeepStrictEqual(next, options)) return;
      if (next.tls && options.tls && isDeepStrictEqual({ ...next, tls: options.tls }, options)) {
        listener.renew(next.tls);
        options = next;
        log.info('another certificate is shown from now on', { fingerprint: fingerprintOf(next.tls) });
        return;
      }
      // Two listeners cannot hold one port, not even on different addresses, so the old one has to let go first.
      leave(listener);
      try {
        listener = await listen(next, handlers);
        options = next;
        log.info('listening elsewhere', { url: urlOf(options, listener.port), host: options.host });
      } catch (thrown) {
        listener = await listen(options.port === 0 ? options : { ...options, port: listener.port }, handlers);
        throw thrown;
      }
    },
    async stopAccepting() {
      await Promise.all([listener, ...leaving].map((one) => one.stopAccepting()));
    },
    async close() {
      await Promise.all([listener, ...leaving].map((one) => one.close()));
    },
  };
}

function urlOf({ host, tls }: ListenOptions, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${reachable}:${port}`;
}
