/** What of the disk can be seen in metrics: how long the journal waits for it, and how much of everybody's work does. */
import { readFileSync } from 'node:fs';
import { readIoPressure } from '../core/io-pressure.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Database, DatabaseHealth } from '../storage/index.ts';

/** Looks at the database, and keeps what it said of the disk for the metrics. */
export function watchDisk(database: Pick<Database, 'check'>, metrics: Metrics): () => Promise<DatabaseHealth> {
  let syncs: DatabaseHealth['syncs'];
  const show = (type: 'counter' | 'gauge', name: string, shown: { readonly help: string; readonly read: () => number }): void =>
    metrics.callback({ type, name, ...shown });
  show('counter', 'openclaw_storage_syncs_total', {
    help: 'Waits of the journal for the disk.',
    read: () => syncs?.count ?? Number.NaN,
  });
  show('counter', 'openclaw_storage_sync_seconds_total', {
    help: 'Time that the journal waited for the disk.',
    read: () => (syncs?.totalMs ?? Number.NaN) / 1000,
  });
  show('gauge', 'openclaw_storage_sync_slowest_seconds', {
    help: 'The longest wait for the disk in the last one to two minutes.',
    read: () => (syncs?.slowestMs ?? Number.NaN) / 1000,
  });
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_io_pressure_ratio',
    help: 'Share of the last minute in which some, or all, work waited for the disk, by the kernel.',
    labelNames: ['kind'],
    read: () => {
      const pressure = readIoPressure(readText);
      return pressure ? Object.entries(pressure).map(([kind, value]) => ({ labels: [kind], value: Number(value) })) : [];
    },
  });
  return async () => {
    const health = await database.check();
    syncs = health.syncs ?? syncs;
    return health;
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
