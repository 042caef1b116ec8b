import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trafficChecks, type TrafficFinding } from '@openclaw/protocol';
import { registerDoctorCommands } from './doctor.ts';
import { createSightFixture } from './sight-client.fixture.ts';

const setup = () => createSightFixture(registerDoctorCommands);

const well = trafficChecks.map((check): TrafficFinding => ({
  check,
  code: `${check}_ok`,
  severity: 'ok',
  subject: 'gateway',
  message: `${check} is well.`,
  evidence: {},
  remedy: '',
}));
const fault = (severity: 'warn' | 'bad'): TrafficFinding => ({
  ...{ check: 'retries', code: 'retry_after_ignored', severity, subject: 'key_1' },
  ...{ message: '12 requests came again too soon.', evidence: { ignoredRetryAfter: 12 }, remedy: 'Wait.' },
});

test('the checklist is gone through in its order, and all well is exit code 0', async () => {
  const fixture = setup();
  fixture.report = { ...fixture.report, findings: well };
  const { stdout, code } = await fixture.run('doctor traffic');
  assert.deepEqual(
    stdout.split('\n').filter((line) => /^\d/.test(line)),
    [
      '1. ok    status codes by caller',
      '2. ok    processor and memory of the gateway',
      '3. ok    open connections by caller',
      '4. ok    durations by target',
      '5. ok    retries of callers',
      '6. ok    size of prompts',
    ],
  );
  assert.equal(code, 0);
});

test('a fault names its subject, its numbers and what to do; only what is bad makes exit code 1', async () => {
  const fixture = setup();
  for (const severity of ['warn', 'bad'] as const) {
    fixture.report = { ...fixture.report, findings: [...well.filter(({ check }) => check !== 'retries'), fault(severity)] };
    const { stdout, code } = await fixture.run('doctor traffic');
    assert.match(
      stdout,
      new RegExp(
        `5\\. ${severity} +retries of callers\n   ${severity}: key_1: 12 requests came again too soon\\. \\(ignoredRetryAfter 12\\)\n      Wait\\.\n`,
      ),
    );
    assert.equal(code, severity === 'bad' ? 1 : 0);
  }
});

test('early warnings that are up stand below the list', async () => {
  const fixture = setup();
  const warning = {
    code: 'slow',
    target: 'acme/large',
    key: '1',
    since: '2026-01-01T00:00:00.000Z',
    message: 'p95 doubled.',
    evidence: {},
    errors: {},
  } as const;
  fixture.report = { ...fixture.report, findings: well, warnings: [warning] };
  assert.match(
    (await fixture.run('doctor traffic')).stdout,
    /warnings that are up:\n {3}acme\/large \(key 1\), since 2026-01-01.*: p95 doubled\.\n$/,
  );
});

test('as JSON the report is as the gateway has it', async () => {
  const fixture = setup();
  fixture.report = { ...fixture.report, findings: [fault('bad')] };
  const { stdout, code } = await fixture.run('doctor traffic -o json');
  assert.deepEqual(JSON.parse(stdout), fixture.report);
  assert.equal(code, 1);
});
