/**
 * The lines of `docs/clw.md`, in a shell and as they are written there, against a whole gateway and a program that runs: as a process of this machine, and in a container of a real
 * Docker. Only the name of the workload, the namespace's context, the folder below `/tmp` and times of minutes are others than on the page.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../complaints/operator.ts';
import { makeNodeImage, withoutDocker } from '../harness/docker.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';

const clone = fileURLToPath(new URL('../../../..', import.meta.url));
const example = join(clone, 'examples/payment-processor');
const page = readFileSync(join(clone, 'docs/clw.md'), 'utf8');

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the standard output of each line has to be like, by how the line begins; of several the longest. */
const expected: Readonly<Record<string, RegExp>> = {
  'clw apply -f': /^workload\.openclaw\.io\/payment-processor (?:created|configured|unchanged)\n$/,
  'clw get workload NAME -o yaml': /^apiVersion: openclaw\.io\/v1\n[^]*\nstatus:\n[^]* {2}phase: Running\n/,
  'clw get workload NAME -o json': /^\{\n {2}"apiVersion": "openclaw\.io\/v1"/,
  'clw get workload NAME -o wide': /^NAME +PHASE +READY [^]*\npayment-processor +Running +1\/1 /,
  'clw get workload NAME -o name': /^workload\.openclaw\.io\/payment-processor\n$/,
  "clw get workload NAME -o jsonpath='{.spec": /^256Mi$/,
  "clw get workload NAME -o jsonpath='{.status": /^Running$/,
  'clw get workloads -n production': /^NAME +PHASE [^]*\npayment-processor +Running /,
  'clw get workloads -A': /^NAMESPACE +NAME [^]*\nproduction +payment-processor +Running /,
  'clw metrics workload NAME':
    /^METRIC +VALUE +LIMIT +STATUS\nmemory\.usage\.bytes +\d+ +268435456 +OK \(\d+%\)\nmemory\.working_set\.bytes +\d+ /,
  'clw logs workload NAME --follow': /payment-service: port \d+, behaviour steady/,
  'clw logs workload NAME --since': /payment-service: port \d+, behaviour steady/,
  'clw logs workload NAME --tail': /payment-service: port \d+, behaviour steady/,
  'clw logs workload NAME --previous': /^$/,
  'clw debug workload NAME --memory-profile': /^Type +Start +End +Most +Growth\nUsage +\d+/,
  'clw debug workload NAME --show-vmmap': /^Type +Size +Count\nHeap [^]*─\nTOTAL +\d+ Mi +of 256 Mi\n$/,
  'clw debug export': /^$/,
  'clw analyze memory-trace': /^Workload: +production\/payment-processor [^]*\nVerdict: +too short to judge\n/,
  'clw analyze workload NAME --recommend-resources':
    /^Current P95 Memory: \d+Mi\nRecommended Limit: \d+Mi \(P95 \* 1\.5 safety factor\)\n[^]*\n- These are too few/,
};

/** Cells of the table of lines. */
function linesOfPage(): readonly (readonly [string, string])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith('The lines of the article\n')) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \|$/gm)].map(([, line = '', cell = '']) => [line, cell]);
}

/** The folder of a test, with a gateway and a shell in which `clw` is this clone's. */
async function openShell() {
  await using resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-lines-'));
  resources.defer(() => rmSync(folder, { recursive: true, force: true }));
  const gateway = await startTestGateway();
  resources.use(gateway);
  const env = {
    ...{ PATH: `${clone}:/usr/bin:/bin`, HOME: folder, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') },
    ...{ OPENCLAW_STATE_DIR: gateway.stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken },
  };
  const run = (line: string): Promise<Ran> =>
    new Promise((resolve) => {
      execFile('/bin/sh', ['-c', line], { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  const written = (line: string): string =>
    line.replaceAll('NAME', 'payment-processor').replaceAll('/tmp/', `${folder}/`).replace('--duration 5m', '--duration 3s');
  const kept = resources.move();
  return { folder, run, written, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function manifest(driver: 'process' | 'docker', hostPort: number): string {
  const inside = driver === 'process' ? example : '/srv';
  const container = {
    name: 'payment-svc',
    ...(driver === 'process' ? { command: [process.execPath] } : { image: makeNodeImage(), command: ['node'] }),
    args: [`${inside}/payment-service.js`],
    ports: [{ containerPort: 8080, hostPort }],
    ...(driver === 'process' ? {} : { volumeMounts: [{ name: 'program', mountPath: inside, readOnly: true }] }),
    resources: { limits: { memory: '256Mi' }, requests: { memory: '64Mi' } },
  };
  const volumes = driver === 'process' ? {} : { volumes: [{ name: 'program', hostPath: { path: example } }] };
  const metadata = { name: 'payment-processor', namespace: 'production', labels: { app: 'shop' } };
  const spec = { driver, terminationGracePeriodSeconds: 2, containers: [container], ...volumes };
  return JSON.stringify({ apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata, spec });
}

for (const driver of ['process', 'docker'] as const) {
  test(
    `every line of the page does what it says, as it is written, with the ${driver} driver`,
    { skip: driver === 'docker' && withoutDocker, timeout: 280_000 },
    async () => {
      await using shell = await openShell();
      writeFileSync(join(shell.folder, 'workload-config.yaml'), manifest(driver, Number(await freePort())));
      const lines = linesOfPage();
      assert.ok(lines.length >= 27, `${lines.length} lines`);
      const [first = ['', '']] = lines;
      assert.equal(first[0], 'clw apply -f workload-config.yaml');
      const asked: string[] = [];
      try {
        const created = await shell.run(first[0]);
        assert.deepEqual([created.code, created.stdout], [0, 'workload.openclaw.io/payment-processor created\n'], created.stderr);
        const status = await shell.run('clw rollout status workload payment-processor --timeout 120s');
        assert.equal(status.code, 0, status.stdout + status.stderr);
        await untilMeasured(shell.run);
        for (const [line, is] of lines) {
          const { code, stdout, stderr } = await shell.run(shell.written(line));
          const told = `${line}\n${stdout}${stderr}`;
          assert.equal(code, is === 'served' ? 0 : 69, told);
          if (is !== 'served') continue;
          const begin = Object.keys(expected)
            .filter((text) => line.startsWith(text))
            .toSorted((one, other) => other.length - one.length)[0];
          assert.ok(begin !== undefined, `what ${line} prints is not held to anything`);
          assert.match(stdout, expected[begin]!, told);
          asked.push(begin);
        }
        assert.deepEqual(new Set(asked), new Set(Object.keys(expected)));
      } finally {
        const deleted = await shell.run('clw delete workload payment-processor -n production --timeout 60s');
        assert.equal(deleted.code, 0, deleted.stderr);
      }
    },
  );
}

/** Readings are taken every five seconds; the program has said where it listens by then. */
async function untilMeasured(run: (line: string) => Promise<Ran>): Promise<void> {
  for (;;) {
    const { stdout } = await run('clw metrics workload payment-processor --window 1h');
    const logs = await run('clw logs workload payment-processor --tail 20');
    if (stdout !== '' && logs.stdout !== '') return;
    await pause(500);
  }
}
