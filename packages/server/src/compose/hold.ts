/** A process that must not serve, and must not be started for ever either: it listens on this machine and says why. */
import type { Configuration } from '../config/index.ts';
import type { OpenClawError } from '../core/errors.ts';
import { listen, listenHeld } from '../gateway/index.ts';

export interface HeldGateway {
  readonly url: string;
  close(): Promise<void>;
}

/** Those of a gateway, as far as it matters to a page that is asked by hand. */
const limits = { headerBytes: 32 * 1024, headerTimeoutMs: 15_000, bodyTimeoutMs: 15_000, keepAliveMs: 5000, connections: 100 };
const defaultPort = 18_789;

/** @param configuration says the port; undefined where even that cannot be read @throws OpenClawError `bind_failed` */
export async function holdGateway(problem: OpenClawError, configuration: Configuration | undefined): Promise<HeldGateway> {
  const listener = await listenHeld({
    problem,
    port: configuration?.settings.gateway.port ?? defaultPort,
    listen: (port, request) => listen({ host: '127.0.0.1', port, limits }, { request }),
  });
  return { url: `http://127.0.0.1:${listener.port}`, close: () => listener.close() };
}
