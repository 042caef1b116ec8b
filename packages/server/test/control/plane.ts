/** A control plane on a free port, with a door and methods of its own, on a clock that tests move. */
import type { AddressInfo } from 'node:net';
import { createServer, type IncomingMessage } from 'node:http';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { createIds } from '../../src/core/ids.ts';
import { createLog, type RootLog } from '../../src/core/log.ts';
import { createMetrics, type Metrics } from '../../src/core/metrics.ts';
import { createControlPlane, type ControlPlane, type ControlPlaneOptions } from '../../src/gateway/control/index.ts';
import type { Admission, Asked, Door, MethodTable } from '../../src/gateway/control/contract.ts';

export const testToken = 'token-of-the-control-plane';
export const testVersion = '2026.9.6';

/** Lets in whoever has the token, with the scopes that were asked for. */
export function admitByToken({ params }: Asked): Admission {
  const { token, password } = params.auth ?? {};
  if ((token ?? password) !== testToken) {
    const message = 'unauthorized: gateway token mismatch';
    return { admitted: false, error: { code: 'INVALID_REQUEST', message, details: { code: 'AUTH_TOKEN_MISMATCH' } }, closeReason: message };
  }
  const { role = 'operator', scopes = [], device } = params;
  return { admitted: true, principal: { method: 'token', role, scopes: new Set(scopes), deviceId: device?.id } };
}

export interface TestPlane extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly plane: ControlPlane;
  readonly clock: FakeClock;
  readonly metrics: Metrics;
  readonly logLines: Record<string, unknown>[];
  /** What the metric says, summed over all its series that have these labels. */
  metric(name: string, labels?: string): number;
  /** Sockets that the server holds. */
  openSockets(): number;
}

export interface TestPlaneOptions extends Partial<Omit<ControlPlaneOptions, 'door' | 'methods' | 'clock'>> {
  readonly admit?: Door['admit'] | ((asked: Asked) => Admission);
  readonly methods?: MethodTable | (() => MethodTable);
  /** @default one that stands still until the test moves it */
  readonly realTime?: true;
}

export async function startTestPlane(options: TestPlaneOptions = {}): Promise<TestPlane> {
  const { admit = admitByToken, methods = {}, realTime, ...rest } = options;
  const clock = createFakeClock();
  const planeClock: Clock = realTime ? systemClock : clock;
  const metrics = createMetrics();
  const logLines: Record<string, unknown>[] = [];
  const log: RootLog = createLog({
    clock: planeClock,
    level: 'debug',
    // A million frames would be a million lines.
    destinations: [
      { write: (line) => void (logLines.length < 1000 && logLines.push(JSON.parse(line) as Record<string, unknown>)), format: 'json' },
    ],
  });
  const plane = createControlPlane({
    door: { admit: (asked) => new Promise((resolve) => resolve(admit(asked))) },
    methods: typeof methods === 'function' ? methods : () => methods,
    clock: planeClock,
    ids: createIds({ clock: planeClock }),
    log,
    metrics,
    advertisedVersion: testVersion,
    snapshot: () => ({}),
    health: () => ({ ok: true }),
    state: () => 'ready',
    isOriginAllowed: () => false,
    ...rest,
    limits: { closeGraceMs: 200, ...rest.limits },
  });
  const server = createServer((_request, response) => response.end('plain'));
  let sockets = 0;
  server.on('connection', (socket) => {
    sockets += 1;
    socket.on('close', () => (sockets -= 1));
  });
  server.on('upgrade', (request: IncomingMessage, socket, head) => plane.upgrade(request, socket as IncomingMessage['socket'], head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    ...{ port, plane, clock, metrics, logLines },
    openSockets: () => sockets,
    metric: (name, labels = '') => readMetric(metrics, name, labels),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      await plane.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function readMetric(metrics: Metrics, name: string, labels: string): number {
  const lines = metrics
    .text()
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.filter((line) => line.includes(labels)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Waits for what no event of the test's own tells: the other side of a socket has noticed something. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadlineMs) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
