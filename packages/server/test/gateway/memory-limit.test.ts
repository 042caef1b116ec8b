/** The program in control groups that are as small as containers are: what it does there, and what it says where it does not fit. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../../../openclaw', import.meta.url));
const token = 'token-of-a-small-container';
const mib = 2 ** 20;

interface Contained {
  readonly url: string;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** What the kernel counts, at most so far. */
  readonly mostBytes: () => number;
}

/** `undefined`, and the test skipped, where no control group of version 1 can be made. */
async function startIn(limitMib: number, t: TestContext): Promise<Contained | undefined> {
  const group = `/sys/fs/cgroup/memory/openclaw-test-${process.pid}-${limitMib}`;
  try {
    if (!existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')) throw new Error('version 1 of control groups is not mounted');
    mkdirSync(group);
  } catch (thrown) {
    t.skip((thrown as Error).message);
    return undefined;
  }
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(limitMib * mib));
  const home = mkdtempSync(join(tmpdir(), 'openclaw-small-'));
  const child = spawn('sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec "$0" gateway run`, launcher], {
    env: {
      ...{ PATH: process.env['PATH'] ?? '', HOME: home, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') },
      ...{ OPENCLAW_GATEWAY_PORT: '0', OPENCLAW_GATEWAY_TOKEN: token },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8');
  const exit = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await exit;
    rmSync(home, { recursive: true, force: true });
    rmdirSync(group);
  });
  for await (const text of child.stdout as AsyncIterable<string>) {
    stdout += text;
    const url = /listens on (\S+)/.exec(stdout)?.[1];
    if (url === undefined) continue;
    return { url, child, stderr: () => stderr, mostBytes: () => Number(readFileSync(join(group, 'memory.max_usage_in_bytes'), 'utf8')) };
  }
  throw new Error(`it ended before it was ready: ${stderr}`);
}

async function ask({ url }: Contained, kibibytes: number): Promise<number> {
  const content = `${'x'.repeat(kibibytes * 1024)}\nsay Hello.`;
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content }] }),
  });
  await response.text();
  return response.status;
}

for (const limitMib of [256, 512]) {
  test(`with ${limitMib} MiB it starts, says nothing of memory, and serves a load of large requests`, async (t) => {
    const gateway = await startIn(limitMib, t);
    if (!gateway) return;
    const statuses = new Set<number>();
    for (let round = 0; round < 6; round += 1) {
      for (const status of await Promise.all(Array.from({ length: 25 }, () => ask(gateway, 200)))) statuses.add(status);
    }
    assert.deepEqual([...statuses], [200]);
    assert.equal(gateway.child.exitCode, null);
    assert.ok(gateway.mostBytes() < limitMib * mib);
    assert.doesNotMatch(gateway.stderr(), /OpenClaw needs at least/);
    const health = (await (await fetch(`${gateway.url}/health`)).json()) as { checks: Record<string, { state: string }> };
    assert.equal(health.checks['memory']?.state, 'ok');
  });
}

test('with 100 MiB it says before anything else how much it needs, and serves what fits', async (t) => {
  const gateway = await startIn(100, t);
  if (!gateway) return;
  assert.match(
    gateway.stderr(),
    /^openclaw: This process may use 100 MiB of memory\. OpenClaw needs at least 128 MiB.*docker run --memory/,
  );
  assert.equal(await ask(gateway, 1), 200);
});
