/**
 * Where a workload is reached whichever of its instances answers: one listener on the loopback per port, and connections handed to ready instances in
 * turn. It moves bytes and understands none of them.
 *
 * An instance that goes gets no new connections; those that it has end with it. A connection that an instance refuses goes to the next one.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { reasonOf } from '../../core/errors.ts';

export interface EntryPort {
  readonly name?: string;
  /** On the loopback of this machine. */
  readonly port: number;
  /** Ports of ready instances. */
  readonly targets: readonly number[];
}

export interface Entries {
  /** What holds for a workload from now on. @returns why ports could not be opened, by port */
  sync(workloadUid: string, ports: readonly EntryPort[]): Promise<ReadonlyMap<number, string>>;
  /** Connections that an instance's port has open. */
  connectionsTo(target: number): number;
  close(): Promise<void>;
}

/** Of one port; whoever comes after them is turned away at once. */
const connectionLimit = 1024;

interface Entry {
  readonly server: Server;
  readonly sockets: Set<Socket>;
  targets: readonly number[];
  turn: number;
}

export function createEntries(): Entries {
  const workloads = new Map<string, Map<number, Entry>>();
  const open = new Map<number, number>();

  const count = (target: number, by: number): void => {
    const now = (open.get(target) ?? 0) + by;
    if (now > 0) open.set(target, now);
    else open.delete(target);
  };

  const openEntry = async (port: number): Promise<Entry> => {
    const entry: Entry = {
      server: createServer({ allowHalfOpen: true }, (socket) => {
        entry.sockets.add(socket);
        socket.on('close', () => entry.sockets.delete(socket));
        forward(socket, { entry, count });
      }),
      ...{ sockets: new Set<Socket>(), targets: [], turn: 0 },
    };
    entry.server.maxConnections = connectionLimit;
    await listen(entry.server, port);
    return entry;
  };

  return {
    async sync(workloadUid, ports) {
      const entries = workloads.get(workloadUid) ?? new Map<number, Entry>();
      const failures = new Map<number, string>();
      for (const [port, entry] of entries) {
        if (ports.some((wanted) => wanted.port === port)) continue;
        entries.delete(port);
        await shut(entry);
      }
      for (const { port, targets } of ports) {
        try {
          const entry = entries.get(port) ?? (await openEntry(port));
          entry.targets = targets;
          entries.set(port, entry);
        } catch (thrown) {
          failures.set(port, reasonOf(thrown));
        }
      }
      if (entries.size > 0) workloads.set(workloadUid, entries);
      else workloads.delete(workloadUid);
      return failures;
    },
    connectionsTo: (target) => open.get(target) ?? 0,
    async close() {
      const entries = [...workloads.values()].flatMap((each) => [...each.values()]);
      workloads.clear();
      await Promise.all(entries.map(shut));
    },
  };
}

interface Forwarding {
  readonly entry: Entry;
  readonly count: (target: number, by: number) => void;
}

function forward(client: Socket, { entry, count }: Forwarding): void {
  const { targets } = entry;
  const first = (entry.turn += 1);
  client.on('error', () => client.destroy());

  const attempt = (tried: number): void => {
    if (client.destroyed) return;
    // Nobody is ready: refused at once, as by a port on which nobody listens.
    if (tried >= targets.length) return void client.resetAndDestroy();
    const target = targets[(first + tried) % targets.length]!;
    const upstream = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true });
    let isConnected = false;
    count(target, 1);
    const leave = (): void => void upstream.destroy();
    client.once('close', leave);
    upstream.on('connect', () => {
      isConnected = true;
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on('error', () => {
      if (isConnected) client.destroy();
    });
    upstream.on('close', () => {
      count(target, -1);
      client.off('close', leave);
      if (isConnected) client.destroySoon();
      else attempt(tried + 1);
    });
  };
  attempt(0);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function shut({ server, sockets }: Entry): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
