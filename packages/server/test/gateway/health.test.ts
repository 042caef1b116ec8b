/** What a whole gateway says of itself while something under it breaks, and once that is mended. Each cell of the table: `gateway/probes.test.ts`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

interface Seen {
  readonly codes: Readonly<Record<string, number>>;
  /** Names of the checks that failed. */
  readonly failed: readonly string[];
  readonly text: string;
}

async function look(gateway: TestGateway): Promise<Seen> {
  const codes: Record<string, number> = {};
  for (const path of ['/healthz', '/startupz', '/readyz', '/health', '/nothing']) codes[path] = (await fetch(gateway.url + path)).status;
  const text = await (await gateway.request('/readyz')).text();
  const { checks } = JSON.parse(text) as { checks: Record<string, { state: string }> };
  return { codes, text, failed: Object.keys(checks).filter((name) => checks[name]?.state === 'failed') };
}

const serves = { '/healthz': 200, '/startupz': 200, '/readyz': 200, '/health': 200, '/nothing': 404 };
const fails = { ...serves, '/readyz': 503, '/health': 503 };

/** Beyond the time that a report is kept for. */
const later = 1000;

test('a volume that fills up makes the gateway unready, with the reason, and room makes it ready again', async (t) => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'openclaw-health-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', stateDirectory], { stdio: 'ignore' });
  } catch {
    rmSync(stateDirectory, { recursive: true });
    t.skip('needs the right to mount a tmpfs');
    return;
  }
  const clock = createFakeClock();
  try {
    await using gateway = await startTestGateway({ stateDirectory, clock });
    const create = async (): Promise<number> => (await gateway.request('/admin/v1/keys', { json: { name: 'ci' } })).status;
    assert.deepEqual((await look(gateway)).codes, serves);
    assert.ok((await create()) < 300);
    const filler = join(stateDirectory, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(32 * 2 ** 20)), { code: 'ENOSPC' });
    clock.advance(later);
    const full = await look(gateway);
    assert.deepEqual(full.codes, fails);
    assert.deepEqual(full.failed, ['state', 'disk']);
    assert.match(full.text, /the disk is full/);
    assert.equal(await create(), 503, 'nothing is acknowledged that is not kept');
    rmSync(filler);
    clock.advance(later);
    assert.deepEqual((await look(gateway)).codes, serves);
    assert.ok((await create()) < 300);
  } finally {
    execFileSync('umount', ['-l', stateDirectory]);
    rmSync(stateDirectory, { recursive: true, force: true });
  }
});

test('a state directory that is taken away under the gateway makes it unready', async () => {
  const root = mkdtempSync(join(tmpdir(), 'openclaw-health-'));
  const stateDirectory = join(root, 'state');
  mkdirSync(stateDirectory);
  const clock = createFakeClock();
  {
    await using gateway = await startTestGateway({ stateDirectory, clock });
    renameSync(join(stateDirectory, 'state'), join(root, 'elsewhere'));
    clock.advance(later);
    const gone = await look(gateway);
    assert.deepEqual(gone.codes, fails);
    assert.deepEqual(gone.failed, ['state']);
  }
  rmSync(root, { recursive: true, force: true });
});

test('strangers learn the state of each check and no reason; docs/health.md names each', async () => {
  const page = await readFile(new URL('../../../../docs/health.md', import.meta.url), 'utf8');
  const documented = Array.from(page.matchAll(/^\| `(\w+)` \|/gm), ([, name = '']) => name);
  await using gateway = await startTestGateway();
  for (const path of ['/readyz', '/health']) {
    const { checks } = (await (await fetch(gateway.url + path)).json()) as { checks: Record<string, object> };
    assert.deepEqual(Object.keys(checks).toSorted(), documented.toSorted());
    for (const check of Object.values(checks)) assert.deepEqual(Object.keys(check), ['state']);
  }
});
