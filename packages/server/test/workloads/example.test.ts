/** The example of a workload does what `examples/README.md` says: its gateway, its manifest as it is, and a leak that its limit ends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Workload } from '@openclaw/protocol';
import { parse, stringify } from 'yaml';
import { main } from '../../src/cli/clw/main.ts';
import { freePort } from '../complaints/operator.ts';
import { startProgram } from '../harness/program.ts';

const clone = fileURLToPath(new URL('../../../..', import.meta.url));
const manifestPath = join(clone, 'examples/payment-processor/workload-config.yaml');

test('the example runs as its manifest says, and its leak ends by its limit', { timeout: 280_000 }, async () => {
  const env = { OPENCLAW_CONFIG_PATH: join(clone, 'examples/payment-processor/openclaw.json'), PWD: clone.replace(/\/$/, '') };
  await using program = await startProgram({ env });
  const { url, token } = await program.ready();
  const clw = async (line: string, input = ''): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> => {
    const said = { stdout: '', stderr: '' };
    const terminal = {
      stdout: { write: (text: string) => (said.stdout += text) },
      stderr: { write: (text: string) => (said.stderr += text) },
      env: { HOME: program.home },
    };
    const stdin = (async function* () {
      yield Buffer.from(input);
    })();
    const code = await main([...line.split(' '), '--server', url, '--token', token], { terminal, stdin });
    return { ...said, code };
  };
  const workload = async (): Promise<Workload> =>
    JSON.parse((await clw('get workload payment-processor -n production -o json')).stdout) as Workload;
  const until = async (isSo: (seen: Workload) => boolean | Promise<boolean>, what: string): Promise<void> => {
    const endMs = performance.now() + 120_000;
    while (performance.now() < endMs) {
      if (await isSo(await workload())) return;
      await pause(200);
    }
    assert.fail(`${what} never came: ${JSON.stringify((await workload()).status)}\n${program.stderr().slice(-3000)}`);
  };

  try {
    const applied = await clw(`apply -f ${manifestPath}`);
    assert.deepEqual([applied.code, applied.stdout], [0, 'workload.openclaw.io/payment-processor created\n'], applied.stderr);
    await until(({ status }) => status?.phase === 'Running', 'Running, of the manifest as it is');

    // The same with a limit that is soon reached, and at a port that is free for certain.
    const port = Number(await freePort());
    const manifest = parse(readFileSync(manifestPath, 'utf8')) as {
      spec: { containers: object[]; terminationGracePeriodSeconds?: number };
    };
    manifest.spec.containers = manifest.spec.containers.map((container) => ({
      ...container,
      ports: [{ containerPort: 8080, hostPort: port }],
      env: [
        { name: 'PAYMENTS_PER_SECOND', value: '50' },
        { name: 'PAYMENT_BYTES', value: String(2 ** 20) },
        // The kernel ends it, and not the engine of JavaScript.
        { name: 'NODE_OPTIONS', value: '--max-old-space-size=2000' },
      ],
      resources: { limits: { memory: '256Mi' }, requests: { memory: '64Mi' } },
    }));
    manifest.spec.terminationGracePeriodSeconds = 2;
    assert.equal((await clw('apply -f -', stringify(manifest))).code, 0);
    const status = await clw('rollout status workload payment-processor -n production --timeout 120s');
    assert.equal(status.code, 0, status.stdout + status.stderr);
    const answer = await fetch(`http://127.0.0.1:${port}/behaviour/leak`, { method: 'POST' });
    assert.deepEqual(await answer.json(), { behaviour: 'leak' });
    const lastEnd = ({ status: seen }: Workload) => seen?.instances[0]?.containers[0]?.lastState?.terminated;
    await until((seen) => lastEnd(seen) !== undefined, 'its end');
    assert.equal(lastEnd(await workload())?.reason, 'OOMKilled');
    const described = await clw('describe workload payment-processor -n production');
    assert.match(described.stdout, /Reason: +OOMKilled\n/);
    assert.match(described.stdout, /clw-memory-oom +.*Container payment-svc exceeded memory limit/);
  } finally {
    const deleted = await clw('delete workload payment-processor -n production --timeout 60s');
    assert.equal(deleted.code, 0, deleted.stderr);
  }
});
