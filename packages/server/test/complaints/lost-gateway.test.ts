/** A command whose gateway dies under it, and a volume that belongs to somebody else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProgram } from '../harness/program.ts';
import { answerOf, createHome, until } from './operator.ts';

test('a command that loses its gateway fails with the reason, does nothing itself, and its run goes on once', async () => {
  using home = createHome();
  const params = { sessionKey: 'main', message: 'say The beginning.\nwait 5m\nsay The end.', idempotencyKey: 'only-once' };
  const history = async (): Promise<{ messages: { role: string }[]; inFlightRun?: { runId: string; text: string } }> =>
    JSON.parse(await answerOf(home.path, ['gateway', 'call', 'chat.history', '{"sessionKey":"main"}'])) as {
      messages: { role: string }[];
    };
  {
    await using gateway = await startProgram({ home: home.path });
    await gateway.ready();
    await using command = await startProgram({
      home: home.path,
      args: ['gateway', 'call', 'agent', JSON.stringify(params), '--expect-final', '--timeout', '5m'],
    });
    await until('the first words', async () => (await history()).inFlightRun?.text === 'The beginning.');
    gateway.child.kill('SIGKILL');
    const { code } = await command.exited();
    assert.equal(code, 1);
    assert.equal(command.stdout(), '');
    assert.match(command.stderr(), /gateway .*(?:closed|lost|ended)/i);
  }
  await using gateway = await startProgram({ home: home.path });
  await gateway.ready();
  await until('the run goes on', async () => (await history()).inFlightRun?.runId === 'only-once');
  const { messages } = await history();
  assert.equal(messages.filter(({ role }) => role === 'user').length, 1);
});

const node = { uid: 1000, gid: 1000 };
const tree = new URL('../../', import.meta.url).pathname;
const canBeAnother =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', '0'], { ...node, cwd: '/' }).status === 0 &&
  spawnSync('ls', [tree], node).status === 0;

test(
  'a volume of root that is open to a group is used by user 1000 as it is; a closed one is refused with the chown that mends it',
  { skip: !canBeAnother },
  async () => {
    using home = createHome();
    chmodSync(home.path, 0o755);
    const volume = join(home.path, 'volume');
    mkdirSync(volume);
    const env = { OPENCLAW_STATE_DIR: volume, OPENCLAW_GATEWAY_TOKEN: 'a-token-of-the-environment' };
    chmodSync(volume, 0o755);
    {
      await using refused = await startProgram({ home: home.path, env, user: node });
      assert.deepEqual(await refused.exited(), { code: 78, signal: null });
      assert.match(refused.stderr(), /It belongs to user 0 and this runs as user 1000\. Run: sudo chown -R 1000:1000 .*volume/);
    }
    // As Kubernetes hands it over with fsGroup: of root, writable for the group, and nobody but root may change its mode.
    chownSync(volume, 0, 1000);
    chmodSync(volume, 0o2775);
    await using gateway = await startProgram({ home: home.path, env, user: node });
    const { url } = await gateway.ready();
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  },
);
