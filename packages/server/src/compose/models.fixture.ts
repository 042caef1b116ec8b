/** A model path over settings alone, for tests: what it knows of models, and nobody to ask. */
import { systemClock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { createLog } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createModelPath, type ModelPath } from '../models/index.ts';
import { settingsOf, type Wanted } from '../models/reconfigure.fixture.ts';
import type { Database } from '../storage/index.ts';

/** Keeps nothing. */
const idleDatabase: Database = {
  engine: 'sqlite',
  read: async () => [],
  write: async () => undefined,
  changes: async () => [],
  publish: async () => undefined,
  subscribe: () => () => undefined,
  check: async () => ({ writable: true, bytes: 0, waiting: 0 }),
  close: async () => undefined,
};

export async function openModels(wanted: Wanted): Promise<ModelPath & AsyncDisposable> {
  const path = createModelPath({
    ...{ settings: settingsOf(wanted), nestingDepthLimit: 128, keysFromEnvironment: [], checkKeys: false, database: idleDatabase },
    ...{ clock: systemClock, random: Math.random, log: createLog({ clock: systemClock, destinations: [] }), metrics: createMetrics() },
  });
  // What is known of models comes with the catalogue.
  await path.directory.list();
  return { ...path, [Symbol.asyncDispose]: () => path.close(new OpenClawError('draining')) };
}
