/** `openclaw doctor` as an operator calls it, beside a gateway that runs and after it has gone. What each check finds: `operations/doctor`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DoctorReport, Finding } from '../../src/operations/doctor/index.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';

const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));

interface Diagnosis {
  readonly code: number;
  readonly report: DoctorReport;
  findings(name: string): readonly Finding[];
}

/** The port is one where nothing listens, unless a gateway holds the state directory. */
async function doctor(stateDirectory: string, env: Record<string, string> = {}): Promise<Diagnosis> {
  const variables = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: stateDirectory, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') },
    ...{ OPENCLAW_STATE_DIR: stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken, OPENCLAW_GATEWAY_PORT: '1', ...env },
  };
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string }>();
  const child = execFile(process.execPath, [launcher, 'doctor', '-o', 'json'], { env: variables }, (_error, stdout) =>
    resolve({ code: child.exitCode ?? -1, stdout }),
  );
  const { code, stdout } = await promise;
  const report = JSON.parse(stdout) as DoctorReport;
  return { code, report, findings: (name) => report.checks.find((check) => check.name === name)?.findings ?? [] };
}

const states = (findings: readonly Finding[]): string[] => findings.map(({ severity }) => severity);

test('beside a gateway it finds it by its state directory, and is let in', async () => {
  await using gateway = await startTestGateway();
  const { report, findings } = await doctor(gateway.stateDirectory);
  assert.deepEqual([states(findings('process')), states(findings('port')), states(findings('auth'))], [['ok'], ['ok'], ['ok']]);
  assert.deepEqual(findings('process')[0]?.evidence['pid'], process.pid);
  assert.match(
    findings('probes')
      .map(({ message }) => message)
      .join(),
    /All of them pass|eventLoop/,
  );
  const facts = Object.fromEntries(report.facts.map(({ name, value }) => [name, value]));
  assert.match(facts['stateDirectory'] ?? '', /environment variable OPENCLAW_STATE_DIR, state [\da-f]{8} since/);
  assert.equal(facts['token'], 'environment variable OPENCLAW_GATEWAY_TOKEN');
  assert.ok(facts['healthy']?.includes(`${gateway.url}/readyz is 200, now 200`));
});

test('a wrong token is told in the words that the gateway answers with', async () => {
  await using gateway = await startTestGateway();
  const answer = await fetch(`${gateway.url}/admin/v1/warnings`, { headers: { authorization: 'Bearer wrong' } });
  const { error } = (await answer.json()) as { error: { message: string; openclaw: { hint: string } } };
  const { code, findings } = await doctor(gateway.stateDirectory, { OPENCLAW_GATEWAY_TOKEN: 'wrong' });
  const [finding] = findings('auth');
  assert.equal(`${finding?.message} ${finding?.remedy}`, error.message);
  assert.equal(finding?.remedy, error.openclaw.hint);
  assert.equal(code, 1);
});

test('without a gateway it is exit code 1, and every mistake of the file is told with its place', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-doctor-'));
  await writeFile(join(stateDirectory, 'openclaw.json'), '{\n  gateway: { prt: 1 },\n  modles: {},\n}\n');
  const { code, report, findings } = await doctor(stateDirectory);
  assert.deepEqual([code, report.status, states(findings('process'))], [1, 'bad', ['bad']]);
  assert.deepEqual(
    findings('configuration').map(({ message, remedy }) => [/openclaw\.json:(\d+):/.exec(message)?.[1], remedy]),
    [
      ['2', 'Did you mean gateway.port?'],
      ['3', 'Did you mean models?'],
    ],
  );
  await rm(stateDirectory, { recursive: true });
});
