import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createIds } from '../../core/ids.ts';
import { createLog } from '../../core/log.ts';
import { createBodyBudget } from '../body-budget.ts';
import { listen } from '../listener.ts';
import type { GatewayPolicy } from '../policy.ts';
import { createRequestHandler } from '../router.ts';
import { createKubernetesEndpoints, type OpenedWorkloads } from './index.ts';

test('nothing is opened for a stranger, once for the first who may ask, and again where that failed', async () => {
  await using resources = new AsyncDisposableStack();
  let opened = 0;
  const log = createLog({ clock: systemClock, destinations: [], level: 'silent' });
  const endpoints = createKubernetesEndpoints({
    ...{
      clock: systemClock,
      log,
      audit: { record: async () => {} },
      version: '0',
      bodyLimitBytes: () => 1000,
      bodyBudget: createBodyBudget(1000),
      stopping: new AbortController().signal,
    },
    async open() {
      opened += 1;
      if (opened === 1) throw new OpenClawError('storage_busy', { retryAfterMs: 1000 });
      return { host: { memoryBytes: 1 } } as unknown as OpenedWorkloads;
    },
  });
  const handler = createRequestHandler({
    ...{ endpoints, log, ids: createIds(), admit: () => {}, onRequest: () => {} },
    policy: () => ({ open: false, ambient: false }) as unknown as GatewayPolicy,
    authenticate({ headers }) {
      if (headers.authorization === undefined) throw new OpenClawError('missing_credentials', { details: { from: 'a test' } });
      return { kind: 'gateway', id: 'gateway', scopes: new Set(['admin']), models: undefined };
    },
  });
  const limits = { headerBytes: 16_384, headerTimeoutMs: 9000, bodyTimeoutMs: 10_000, keepAliveMs: 5000, connections: 100 };
  const listener = await listen({ host: '127.0.0.1', port: 0, limits }, { request: handler });
  resources.defer(() => listener.close());
  const ask = async (headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${listener.port}/apis`, { headers });
    return { status: response.status, kind: ((await response.json()) as { kind: string }).kind, opened };
  };
  assert.deepEqual(await ask({}), { status: 401, kind: 'Status', opened: 0 });
  const authorization = 'Bearer x';
  assert.deepEqual(await ask({ authorization }), { status: 503, kind: 'Status', opened: 1 });
  assert.deepEqual(await ask({ authorization }), { status: 200, kind: 'APIGroupList', opened: 2 });
  assert.deepEqual(await ask({ authorization }), { status: 200, kind: 'APIGroupList', opened: 2 });
});
