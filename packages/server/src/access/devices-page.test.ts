/** `docs/devices.md` says who gets in: each row of its table is tried. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ConnectAuth } from '@openclaw/protocol';
import { createTestDevice, operator } from './devices/devices.fixture.ts';
import { deviceDefaults } from './devices/device-book.ts';
import { pendingDefaults } from './devices/pending-requests.ts';
import { type DoorFixture, type Knock, openDoor, secret, virtualKey } from './door.fixture.ts';
import { failureDefaults } from './failures.ts';

const page = readFileSync(new URL('../../../../docs/devices.md', import.meta.url), 'utf8');
const heading = '| client | from | sends | device | result |';
const rows = page
  .slice(page.indexOf(heading))
  .split('\n\n', 1)[0]!
  .split('\n')
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

const remote = '203.0.113.7';
const scopes = ['operator.admin'];

async function knockOf(door: DoorFixture, [client, from, sends, device]: readonly string[]): Promise<Knock> {
  const approved = createTestDevice();
  let deviceToken = '';
  if (device === 'approved' || sends === 'device token') {
    await door.refusal({ device: approved, from: remote, scopes });
    await door.devices.approve(door.devices.pending()[0]!.requestId, operator);
    deviceToken = (await door.devices.issueToken(approved.id, 'operator'))!.token;
  }
  const credentials: Readonly<Record<string, ConnectAuth>> = {
    ...{ token: { token: secret }, nothing: {}, 'wrong token': { token: 'wrong' }, 'virtual key': { token: virtualKey } },
    ...{ 'device token': { deviceToken }, 'bootstrap token': { bootstrapToken: 'abc' } },
  };
  const auth = credentials[sends ?? ''];
  assert.ok(auth && ['here', 'elsewhere'].includes(from ?? ''), `the page has words that this test does not know: ${sends} ${from}`);
  const devices = { none: {}, new: { device: createTestDevice() }, approved: { device: approved } };
  return {
    ...{ client: client as NonNullable<Knock['client']>, auth, scopes, from: from === 'here' ? 'here' : remote },
    ...devices[device as keyof typeof devices],
  };
}

for (const row of rows) {
  test(`as docs/devices.md says: ${row.join(', ')}`, async () => {
    await using door = await openDoor();
    const knock = await knockOf(door, row);
    const answer = await door.knock(knock);
    const before = knock.device !== undefined && row[3] === 'approved' ? 'approved' : 'new';
    const isPaired = before === 'new' && knock.device !== undefined && door.devices.find(knock.device.id) !== undefined;
    const inWords = answer.admitted
      ? `in, ${answer.principal.scopes.size > 0 ? 'with its' : 'without'} scopes${isPaired ? '; paired' : ''}`
      : answer.error.details?.['code'];
    assert.equal(inWords, row[4]);
    if (answer.admitted) assert.equal(answer.deviceToken !== undefined, isPaired, 'whoever is paired is given a token');
  });
}

test('docs/devices.md has rows, and the bounds that hold', () => {
  assert.ok(rows.length >= 20, `only ${rows.length} rows were found`);
  const words = page.replace(/\s+/g, ' ');
  for (const bound of [
    `At most ${pendingDefaults.pendingRequests} wait, ${pendingDefaults.pendingPerAddress} of one address`,
    `room for ${deviceDefaults.devices.toLocaleString('en')} paired devices`,
  ]) {
    assert.ok(words.includes(bound), bound);
  }
  assert.deepEqual(
    [pendingDefaults.pendingForMs, failureDefaults.allowed, failureDefaults.windowMs, failureDefaults.lockoutMs],
    [3_600_000, 10, 60_000, 300_000],
    'an hour; ten within a minute; five minutes',
  );
});
