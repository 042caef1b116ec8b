/** What gets too old in a whole gateway: runs go to cold storage, and are read there by the same paths. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { startTestGateway } from '../harness/gateway.ts';

interface Row {
  readonly kind: string;
  readonly items: number;
  readonly to?: string;
}

const hourMs = 3_600_000;

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a run whose time is over is told beforehand, goes to cold storage, and reads as before', async () => {
  const cold = await mkdtemp(join(tmpdir(), 'openclaw-cold-'));
  let laterMs = 0;
  const hourly: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + laterMs,
    every(intervalMs, action) {
      if (intervalMs === hourMs) hourly.push(action);
      return systemClock.every(intervalMs, action);
    },
  };
  try {
    await using gateway = await startTestGateway({ settings: { retention: { runsMs: '5d', cold: { to: cold } } }, clock });
    await gateway.running.prepared;
    const json = async <Value>(path: string): Promise<Value> => (await (await gateway.request(path)).json()) as Value;
    const { id } = (await (await gateway.request('/v1/runs', { json: { input: 'say hello' } })).json()) as { id: string };
    const run = await until(async () => {
      const found = await json<{ status: string; lastSeq: number }>(`/v1/runs/${id}`);
      return found.status === 'finished' ? found : undefined;
    });
    const rowOf = async (kind: string): Promise<Row | undefined> =>
      (await json<{ rows: Row[] }>('/admin/v1/retention')).rows.find((row) => row.kind === kind);
    assert.equal((await rowOf('runs'))?.items, 0);
    laterMs = 6 * 24 * hourMs;
    assert.deepEqual([(await rowOf('runs'))?.items, (await rowOf('runs'))?.to], [1, cold]);
    for (const action of hourly) action();
    await until(async () => ((await rowOf('runs'))?.items === 0 ? true : undefined));
    assert.deepEqual((await json<{ data: unknown[] }>('/v1/runs')).data, []);
    assert.equal((await readdir(cold)).length, 1);
    assert.deepEqual(await json(`/v1/runs/${id}`), run);
    const events = await (await gateway.request(`/v1/runs/${id}/events`)).text();
    assert.equal(events.match(/^event: /gm)?.length ?? events.match(/^data: /gm)?.length, run.lastSeq);
    assert.match(gateway.metrics.text(), /openclaw_retention_removed_total\{kind="runs"\} 1\n/);
    assert.equal((await gateway.request('/admin/v1/retention', { method: 'POST' })).status, 202);
    await until(async () => (await json<{ sweptAt: string | null }>('/admin/v1/retention')).sweptAt ?? undefined);
  } finally {
    await rm(cold, { recursive: true, force: true });
  }
});
