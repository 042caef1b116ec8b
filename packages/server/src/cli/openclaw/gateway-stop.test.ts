import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { StateOwner } from '../../storage/index.ts';
import { registerStopCommand, type StopContext } from './gateway-stop.ts';

const owner: StateOwner = { pid: 42, host: 'here', startedAtMs: 1, address: 'http://127.0.0.1:18789' };

/** @param owners who holds the directory at each look; the last goes on */
function setup(owners: readonly (StateOwner | undefined)[], changes: Partial<StopContext> = {}) {
  const killed: unknown[] = [];
  let looks = 0;
  const clock = createFakeClock();
  return {
    killed,
    async run(...words: string[]) {
      let stdout = '';
      const program = new Command('openclaw').exitOverride();
      registerStopCommand(program, () => ({
        io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: () => true }, env: {} },
        clock,
        wait: (ms) => Promise.resolve(clock.advance(ms)),
        findPlace: () => Promise.resolve({ stateDirectory: '/state', owner: owners[Math.min(looks++, owners.length - 1)] }),
        kill: (pid, signal) => void killed.push([pid, signal]),
        hostname: () => 'here',
        ...changes,
      }));
      await program.parseAsync(['stop', ...words], { from: 'user' });
      return stdout;
    },
  };
}

test('it asks the owner of the lock once, and comes back when the lock is free', async () => {
  const { run, killed } = setup([owner, owner, owner, undefined]);
  assert.equal(await run(), 'The gateway (pid 42) has stopped after 100 ms.\n');
  assert.deepEqual(killed, [[42, 'SIGTERM']]);
});

test('another owner that took over means that this one has stopped', async () => {
  const { run } = setup([owner, { ...owner, pid: 43, startedAtMs: 2 }]);
  assert.deepEqual(JSON.parse(await run('-o', 'json')), { stopped: true, running: false, pid: 42, tookMs: 0 });
});

test('where none runs nothing is done, and that is no failure', async () => {
  const { run, killed } = setup([undefined]);
  assert.equal(await run(), 'No gateway runs on /state.\n');
  assert.deepEqual(killed, []);
});

test('one that takes longer than the wait is left to it', async () => {
  const { run, killed } = setup([owner]);
  await assert.rejects(run('--timeout', '1s'), { code: 'command_refused', message: /has not stopped within 1000 ms/, hint: /--timeout/ });
  assert.deepEqual(killed, [[42, 'SIGTERM']]);
});

test('a process of another machine or container is never signalled, whatever its number is here', async () => {
  const { run, killed } = setup([{ ...owner, host: 'elsewhere' }]);
  await assert.rejects(run(), { code: 'command_refused', message: /held by process 42 on elsewhere, and this is here/ });
  assert.deepEqual(killed, []);
});

test('one that has ended by itself is stopped; one of another user is refused with what to do', async () => {
  const failing = (code: string) => ({
    kill: () => {
      throw Object.assign(new Error(`kill ${code}`), { code });
    },
  });
  assert.match(await setup([owner, undefined], failing('ESRCH')).run(), /has stopped/);
  await assert.rejects(setup([owner], failing('EPERM')).run(), { code: 'command_refused', hint: /as the user who runs/ });
});
