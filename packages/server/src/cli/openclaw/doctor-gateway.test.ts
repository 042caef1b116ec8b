import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { diagnose } from '../../operations/doctor/index.ts';
import { factsWith, soundFacts, stoppedFacts } from '../../operations/doctor/facts.fixture.ts';
import type { Facts } from '../../operations/doctor/index.ts';
import { registerGatewayDoctor } from './doctor-gateway.ts';

async function run(facts: Facts, ...argv: string[]): Promise<{ stdout: string; code: number }> {
  const run = { stdout: '', code: 0 };
  const program = new Command('openclaw').exitOverride().configureOutput({ writeErr: () => {} });
  registerGatewayDoctor(program, {
    io: { stdout: { write: (text: string) => void (run.stdout += text) } },
    diagnose: async () => diagnose(facts),
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
      'ok    the clock',
      'ok    the memory',
      'ok    the providers',
      'ok    the workloads',
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
  const { stdout, code } = await run(stoppedFacts, '-o', 'json');
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(diagnose(stoppedFacts))));
  assert.equal(code, 1);
});

test('words from outside cannot move the cursor', async () => {
  const { stdout } = await run(factsWith({ state: { path: '/x\u001b[2J\u0007' } }));
  assert.ok(!/[\u0000-\u0009\u000b-\u001f]/.test(stdout));
});
