import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { registerDevicesCommands } from './devices.ts';
import type { DevicesClient, ShownDevice, ShownRequest } from './devices-client.ts';

const waiting: ShownRequest = {
  ...{ requestId: 'aaaa-1111', deviceId: 'd'.repeat(64), displayName: null, platform: 'linux', clientId: 'cli', role: 'operator' },
  ...{ scopes: ['operator.read', 'operator.pairing'], remoteIp: '10.0.0.5', ts: 1_767_225_600_000 },
};
const paired: ShownDevice = {
  ...{
    deviceId: `e${'0'.repeat(63)}`,
    displayName: "Anna's laptop",
    platform: 'darwin',
    clientId: 'openclaw-control-ui',
    approvedVia: 'cli',
  },
  ...{ lastSeenAtMs: null, connected: true, tokens: [{ role: 'operator', scopes: ['operator.admin'] }] },
};

function setup(pending: readonly ShownRequest[] = [waiting], devices: readonly ShownDevice[] = [paired]) {
  const done: unknown[][] = [];
  const note = (...words: unknown[]): Promise<void> => Promise.resolve(void done.push(words));
  const client: DevicesClient = {
    list: () => Promise.resolve({ pending, paired: devices }),
    approve: (id) => note('approve', id).then(() => 'device'),
    reject: (id) => note('reject', id),
    remove: (id) => note('remove', id),
    rename: (id, name) => note('rename', id, name),
    rotate: (which) => note('rotate', which).then(() => 'new-token'),
    revoke: (which) => note('revoke', which),
  };
  return {
    done,
    async run(...words: string[]) {
      let stdout = '';
      let stderr = '';
      const program = new Command('openclaw').exitOverride();
      registerDevicesCommands(program, {
        io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: {} },
        useDevices: (_flags, use) => use(client),
      });
      await program.parseAsync(['devices', ...words], { from: 'user' });
      return { stdout, stderr };
    },
  };
}

test('list shows who waits with the whole id to approve, and who is in', async () => {
  const { stdout, stderr } = await setup().run('list');
  const [pendingTable = '', pairedTable = ''] = stdout.split('\n\n');
  assert.match(
    pendingTable,
    /^REQUEST +DEVICE +NAME +CLIENT +ASKS FOR +FROM +SINCE\naaaa-1111 +dddddddddddd +cli on linux +read,pairing +10\.0\.0\.5 +2026-01-01 00:00Z$/,
  );
  assert.match(pairedTable, /^DEVICE .*\ne0{15} +Anna's laptop +openclaw-control-ui on darwin +admin +connected +cli +never\n$/);
  assert.match(stderr, /approve REQUEST/);
});

test('list of nothing is a note, and as JSON two empty lists', async () => {
  const { run } = setup([], []);
  assert.deepEqual(await run('list'), { stdout: '', stderr: 'No device is paired, and none waits.\n' });
  assert.deepEqual(JSON.parse((await run('list', '-o', 'json')).stdout), { pending: [], paired: [] });
});

test('approve takes the id, its beginning, or the one that asked last, and says what it gave away', async () => {
  const later = { ...waiting, requestId: 'bbbb-2222', ts: 1_767_225_700_000 };
  for (const words of [['bbbb-2222'], ['bbbb'], ['--latest']]) {
    const { run, done } = setup([waiting, later]);
    const { stdout } = await run('approve', ...words);
    assert.deepEqual(done, [['approve', 'bbbb-2222']]);
    assert.equal(stdout, 'dddddddddddddddd is in; it may read,pairing.\n');
  }
});

test('approve without a request, of two at once, or of none that waits changes nothing', async () => {
  const { run, done } = setup();
  await assert.rejects(run('approve'), { code: 'usage_error' });
  await assert.rejects(run('approve', 'aaaa', '--latest'), { code: 'usage_error' });
  await assert.rejects(run('approve', 'cccc'), { code: 'command_refused', message: 'There is no request cccc.', hint: /aaaa-1111/ });
  await assert.rejects(run('approve', 'aaa'), { code: 'command_refused' });
  await assert.rejects(setup([]).run('approve', '--latest'), { code: 'command_refused', message: /No device waits/ });
  await assert.rejects(setup([waiting, { ...waiting, requestId: 'aaaa-2222' }]).run('approve', 'aaaa'), { hint: /aaaa-1111, aaaa-2222/ });
  assert.deepEqual(done, []);
});

test('reject, remove, rename and revoke find what is meant and say what was done', async () => {
  const { run, done } = setup();
  assert.equal((await run('reject', 'aaaa-1111')).stdout, 'aaaa-1111 is turned away.\n');
  assert.equal((await run('rename', 'e000', 'The laptop')).stdout, 'e000000000000000 is called The laptop now.\n');
  assert.equal((await run('revoke', "Anna's laptop")).stdout, 'e000000000000000 is without a token now.\n');
  assert.deepEqual(JSON.parse((await run('remove', paired.deviceId, '-o', 'json')).stdout), { deviceId: paired.deviceId, done: 'removed' });
  await assert.rejects(run('remove', 'ffff'), { code: 'command_refused', message: /There is no device ffff/ });
  assert.deepEqual(done, [
    ['reject', 'aaaa-1111'],
    ['rename', paired.deviceId, 'The laptop'],
    ['revoke', { deviceId: paired.deviceId, role: 'operator' }],
    ['remove', paired.deviceId],
  ]);
});

test('rotate prints the new token alone, and the rest beside it', async () => {
  const { run, done } = setup();
  const { stdout, stderr } = await run('rotate', 'e000', '--scopes', 'operator.read, operator.write');
  assert.equal(stdout, 'new-token\n');
  assert.match(stderr, /only time/);
  assert.deepEqual(done, [['rotate', { deviceId: paired.deviceId, role: 'operator', scopes: ['operator.read', 'operator.write'] }]]);
});
