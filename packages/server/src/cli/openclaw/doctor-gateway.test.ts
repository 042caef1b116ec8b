import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { diagnose } from '../../operations/doctor/index.ts';
import { factsWith, soundFacts, stoppedFacts } from '../../operations/doctor/facts.fixture.ts';
import type { Facts, Fixed } from '../../operations/doctor/index.ts';
import { registerGatewayDoctor } from './doctor-gateway.ts';

const fixed: Fixed = { fix: 'modes', path: '/state/.env', before: '0644', after: '0600', state: 'done' };

async function run(facts: Facts, ...argv: string[]): Promise<{ stdout: string; code: number; isDryRun: boolean | undefined }> {
  const run: { stdout: string; code: number; isDryRun: boolean | undefined } = { stdout: '', code: 0, isDryRun: undefined };
  const program = new Command('openclaw').exitOverride().configureOutput({ writeErr: () => {} });
  registerGatewayDoctor(program, {
    io: { stdout: { write: (text: string) => void (run.stdout += text) } },
    diagnose: async () => diagnose(facts),
    fix: async ({ isDryRun }) => {
      run.isDryRun = isDryRun;
      return facts === stoppedFacts ? [] : [{ ...fixed, state: isDryRun ? 'planned' : 'done' }];
    },
    setExitCode: (code) => void (run.code = code),
  });
  await program.parseAsync(['doctor', ...argv], { from: 'user' });
  return run;
}

test('it opens with the five facts, goes from the process to the providers, and all well is exit code 0', async () => {
  const { stdout, code } = await run(soundFacts);
  const lines = stdout.split('\n');
  assert.equal(code, 0);
  assert.match(lines[2] ?? '', /^ {2}state directory {3}\/home\/claw\/\.openclaw/);
  assert.deepEqual(
    lines.filter((line) => /^ ?\d/.test(line)).map((line) => line.slice(4)),
    [
      'ok    the process',
      'ok    the port',
      'ok    the bind',
      'ok    the configuration',
      'ok    what the probes see',
      'ok    the credential',
      'ok    the state directory',
      'ok    the disk',
      'ok    the clock',
      'ok    the memory',
      'ok    the providers',
      'ok    names of providers',
      'ok    certificates',
      'ok    variables of proxies',
      'ok    the workloads',
      'ok    backups by schedule',
      'ok    what is around it',
      'ok    versions',
    ],
  );
  assert.match(stdout, /All is well\.\n$/);
});

test('what is broken shows its evidence, why it matters and what mends it, and makes exit code 1; a warning does not', async () => {
  const { stdout, code } = await run(stoppedFacts);
  assert.match(stdout, /^ 1\. bad {3}the process\n {4}bad: No gateway runs.*\n {6}why {5}.*\n {6}mend {4}.*openclaw gateway run\n/m);
  assert.match(stdout, /\n {6}seen {4}\/healthz connect ECONNREFUSED/);
  assert.equal(code, 1);
  const small = await run(factsWith({ state: { mode: 0o755 } }));
  assert.match(small.stdout, / 7\. warn {2}the state directory\n {4}warn: /);
  assert.equal(small.code, 0);
});

test('as JSON it is the report as it is', async () => {
  for (const flags of [['-o', 'json'], ['--json']]) {
    const { stdout, code, isDryRun } = await run(stoppedFacts, ...flags);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(diagnose(stoppedFacts))));
    assert.deepEqual([code, isDryRun], [1, undefined]);
  }
});

test('--fix shows each change with what was there before, and looks again; --dry-run only shows', async () => {
  const done = await run(soundFacts, '--fix');
  assert.match(done.stdout, /^done {4}modes {8}\/state\/\.env: 0644 -> 0600\n\nOpenClaw/);
  assert.equal(done.isDryRun, false);
  const shown = await run(soundFacts, '--fix', '--dry-run');
  assert.match(shown.stdout, /^would {3}modes/);
  assert.equal(shown.isDryRun, true);
  assert.match((await run(stoppedFacts, '--fix')).stdout, /^Nothing to mend\.\n/);
  const { fixed: changes } = JSON.parse((await run(soundFacts, '--fix', '--json')).stdout) as { fixed: unknown };
  assert.deepEqual(changes, [fixed]);
});

test('words from outside cannot move the cursor', async () => {
  const { stdout } = await run(factsWith({ state: { path: '/x\u001b[2J\u0007' } }));
  assert.ok(!/[\u0000-\u0009\u000b-\u001f]/.test(stdout));
});
