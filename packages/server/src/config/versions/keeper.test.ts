import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { AcceptedChange } from './contract.ts';
import { ensureGatewayToken } from '../gateway-token.ts';
import { codeOf, createKeptFolder, createLoggedLines, onPort, portOf, statusOf } from './keeper.fixture.ts';

test('a good file is in force from the start, and is version 1', async (t) => {
  const keeper = await createKeptFolder(t, { 'openclaw.json': onPort(1) }).open();
  const { state, problem, version, appliedHash, fileHash, isReadOnly, needsRestart } = keeper.status;
  assert.deepEqual([state, problem, version, isReadOnly, needsRestart, portOf(keeper)], ['current', undefined, 1, false, [], 1]);
  assert.equal(appliedHash, fileHash);
  assert.deepEqual(
    keeper.versions().map(({ version: number, by, changed }) => [number, by, changed]),
    [[1, 'start', []]],
  );
});

test('without a file the defaults are in force, nothing is written, and there is no version', async (t) => {
  const folder = createKeptFolder(t);
  const keeper = await folder.open();
  assert.deepEqual([keeper.status.state, keeper.status.version, portOf(keeper)], ['current', undefined, 18_789]);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a good edit is in force after a look, and is told to who listens', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  const changes: AcceptedChange[] = [];
  keeper.onAccepted(async (change) => void changes.push(change));
  folder.write('openclaw.json', "{ gateway: { port: 2 }, telemetry: { traces: { endpoint: 'http://127.0.0.1:1/v1/traces' } } }");
  await keeper.look();
  assert.equal(portOf(keeper), 2);
  assert.deepEqual(
    changes.map(({ changed, needsRestart, previous }) => [changed, needsRestart, previous?.settings.gateway.port]),
    [[['gateway.port', 'telemetry.traces.endpoint'], ['telemetry.traces.endpoint'], 1]],
  );
  assert.deepEqual([keeper.status.version, keeper.status.needsRestart], [2, ['telemetry.traces.endpoint']]);
  folder.write('openclaw.json', onPort(3));
  await keeper.look();
  assert.deepEqual([keeper.status.version, keeper.status.needsRestart], [3, []]);
});

test('a look at what is in force already tells nobody and keeps no version', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  keeper.onAccepted(() => assert.fail('nothing has changed'));
  folder.write('openclaw.json', onPort(1));
  await keeper.look();
  assert.equal(keeper.versions().length, 1);
});

test('a bad edit is refused, said, and mended; what held before stays in force', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  const { log, lines } = createLoggedLines();
  keeper.start(log);
  folder.write('openclaw.json', '{ gateway: { prt: 2, bnd: 1 } }');
  await keeper.look();
  const { state, problem, version, fileHash, appliedHash } = keeper.status;
  assert.deepEqual([state, problem?.code, problem?.others.length, version, portOf(keeper)], ['refused', 'config_invalid', 1, 1, 1]);
  assert.notEqual(fileHash, appliedHash);
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    ['the configuration was refused; what held before stays in force'],
  );
  folder.write('openclaw.json', onPort(1));
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.problem, keeper.versions().length], ['current', undefined, 1]);
});

test('a file that was removed is refused: nobody wipes a configuration by accident', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  rmSync(folder.file);
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.problem?.code, portOf(keeper)], ['refused', 'config_removed', 1]);
  const again = await folder.open();
  assert.deepEqual([again.status.state, again.status.problem?.code, portOf(again)], ['lastGood', 'config_removed', 1]);
  assert.match(again.status.problem?.hint ?? '', /rollback 1/);
});

test('at the start the last good version stands in for a bad file, its includes too, until the file is mended', async (t) => {
  const folder = createKeptFolder(t, {
    'openclaw.json': "{ gateway: { port: 1 }, models: { $include: 'models.json5' } }",
    'models.json5': '{ retry: { attempts: 2 } }',
  });
  await (await folder.open()).close();
  rmSync(join(folder.path, 'models.json5'));
  const keeper = await folder.open();
  assert.deepEqual([keeper.status.state, keeper.status.version, portOf(keeper)], ['lastGood', 1, 1]);
  assert.equal(keeper.current?.settings.models.retry.attempts, 2);
  assert.match(keeper.status.problem?.message ?? '', /models\.json5 cannot be read/);
  folder.write('models.json5', '{ retry: { attempts: 3 } }');
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.version, keeper.current?.settings.models.retry.attempts], ['current', 2, 3]);
});

test('with nothing good on record it is rescue mode, until the file is mended', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': '{ gateway: ' });
  const keeper = await folder.open();
  assert.deepEqual([keeper.status.state, keeper.status.problem?.code, keeper.current], ['rescue', 'config_invalid', undefined]);
  const changes: AcceptedChange[] = [];
  keeper.onAccepted(async (change) => void changes.push(change));
  folder.write('openclaw.json', onPort(1));
  await keeper.look();
  assert.deepEqual([keeper.status.state, portOf(keeper), changes.length, changes[0]?.previous], ['current', 1, 1, undefined]);
});

test('a missing variable for the token is no reason to end: the last good version, else rescue mode', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': "{ gateway: { bind: 'lan', auth: { token: '${THE_TOKEN}' } } }" });
  const rescued = await folder.open();
  assert.deepEqual([rescued.status.state, rescued.current], ['rescue', undefined]);
  assert.match(
    `${rescued.status.problem?.message} ${rescued.status.problem?.hint}`,
    /gateway\.auth\.token needs the variable THE_TOKEN.*Set THE_TOKEN/,
  );
  folder.write('openclaw.json', "{ gateway: { bind: 'lan', auth: { token: 'plain' } } }");
  await rescued.look();
  folder.write('openclaw.json', "{ gateway: { bind: 'lan', auth: { token: '${THE_TOKEN}' } } }");
  const again = await folder.open();
  assert.deepEqual([again.status.state, again.current?.settings.gateway.auth.token], ['lastGood', 'plain']);
});

test('an open door that somebody asked for is refused to the starter, whatever was good before', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  await folder.open();
  folder.write('openclaw.json', "{ gateway: { bind: 'lan', auth: { mode: 'none' } }, x: 1 }");
  assert.equal(await codeOf(folder.open()), 'bind_without_auth');
});

test('an open door that comes while running is refused, and the gateway goes on', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  folder.write('openclaw.json', "{ gateway: { bind: 'lan', auth: { mode: 'none' } } }");
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.problem?.code, portOf(keeper)], ['refused', 'bind_without_auth', 1]);
});

for (const [title, options] of Object.entries({ variable: { env: { OPENCLAW_RESCUE: '1' } }, option: { rescue: true } })) {
  test(`rescue mode on purpose, by ${title}: entered with a good file, left by a change of it`, async (t) => {
    const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
    const keeper = await folder.open({ ...options, timing: { quietMs: 1, pollIntervalMs: 10 } });
    assert.deepEqual([keeper.status.state, keeper.status.problem, keeper.current], ['rescue', undefined, undefined]);
    keeper.start(createLoggedLines().log);
    folder.write('unrelated', '');
    folder.write('openclaw.json', onPort(2));
    await statusOf(keeper, ({ state }) => state === 'current');
    assert.equal(portOf(keeper), 2);
  });
}

test('rescue mode on purpose is left by an operator who asks for a look', async (t) => {
  const keeper = await createKeptFolder(t, { 'openclaw.json': onPort(1) }).open({ rescue: true });
  await keeper.look();
  assert.deepEqual([keeper.status.state, portOf(keeper)], ['current', 1]);
});

test('the watch takes an edit up that an editor made by renaming', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open({ timing: { quietMs: 1, pollIntervalMs: 3_600_000 } });
  keeper.start(createLoggedLines().log);
  for (const port of [2, 3]) {
    renameSync(folder.write('openclaw.json~', onPort(port)), folder.file);
    await statusOf(keeper, () => portOf(keeper) === port);
  }
});

test('an edit that is made before anybody applies changes is not lost: it is taken up when somebody does', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const clock = createFakeClock();
  const keeper = await folder.open({ isHeard: false, clock });
  keeper.start(createLoggedLines().log);
  folder.write('openclaw.json', onPort(2));
  clock.advance(10_000);
  // It waits its turn behind whatever the watch has begun.
  assert.equal(await codeOf(keeper.rollback(99, 'cli')), 'config_version_not_found');
  assert.equal(portOf(keeper), 1);
  const applied: (number | undefined)[] = [];
  keeper.onAccepted(async ({ configuration }) => void applied.push(configuration.settings.gateway.port));
  clock.advance(10_000);
  await statusOf(keeper, () => portOf(keeper) === 2);
  assert.deepEqual(applied, [2]);
});

test('where a file system has no events, looking finds the edit', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': "{ $include: 'far/away.json5' }", 'far/away.json5': onPort(1) });
  const keeper = await folder.open({ timing: { quietMs: 3_600_000, patienceMs: 3_600_000, pollIntervalMs: 5 } });
  keeper.start(createLoggedLines().log);
  folder.write('far/away.json5', onPort(2));
  await statusOf(keeper, () => portOf(keeper) === 2);
});

test('a half-written file is looked at again before it is called refused', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open({ timing: { quietMs: 1, pollIntervalMs: 3_600_000, settleMs: 60_000 } });
  const { log, lines } = createLoggedLines();
  keeper.start(log);
  const states: string[] = [];
  keeper.onStatus(({ state }) => void states.push(state));
  const whole = onPort(2);
  writeFileSync(folder.file, whole.slice(0, 20));
  await statusOf(keeper, () => true);
  writeFileSync(folder.file, whole);
  await statusOf(keeper, () => portOf(keeper) === 2);
  assert.deepEqual(states, ['current']);
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('a file that stays half-written is refused at the second look', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open({ timing: { quietMs: 1, pollIntervalMs: 3_600_000, settleMs: 5 } });
  keeper.start(createLoggedLines().log);
  writeFileSync(folder.file, onPort(2).slice(0, 20));
  const { problem } = await statusOf(keeper, ({ state }) => state === 'refused');
  assert.match(problem?.message ?? '', /not valid JSON5/);
});

test('what a listener throws takes the change back, from those too who had applied it', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  const applied: (number | undefined)[] = [];
  keeper.onAccepted(async ({ configuration }) => void applied.push(configuration.settings.gateway.port));
  keeper.onAccepted(async ({ configuration: { settings } }) => {
    if (settings.gateway.port === 2) throw new OpenClawError('port_in_use', { details: { port: 2, host: 'here', holder: '' } });
    if (settings.gateway.port === 3) throw new Error('out of luck');
  });
  folder.write('openclaw.json', onPort(2));
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.problem?.code, portOf(keeper), applied], ['refused', 'port_in_use', 1, [2, 1]]);
  assert.equal(await codeOf(keeper.write({ text: onPort(3), by: 'cli' })), 'config_not_applied');
  assert.deepEqual([portOf(keeper), applied, readFileSync(folder.file, 'utf8')], [1, [2, 1, 3, 1], onPort(2)]);
  assert.equal(await codeOf(keeper.write({ text: onPort(4), by: 'cli' })), undefined);
  assert.deepEqual([keeper.status.state, portOf(keeper)], ['current', 4]);
});

test('a change that a listener refused is not tried again until the file changes', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open({ timing: { quietMs: 1, pollIntervalMs: 2 } });
  const tried: number[] = [];
  keeper.onAccepted(async ({ configuration: { settings } }) => {
    tried.push(settings.gateway.port);
    if (settings.gateway.port === 2) throw new Error('out of luck');
  });
  keeper.start(createLoggedLines().log);
  folder.write('openclaw.json', onPort(2));
  await statusOf(keeper, ({ state }) => state === 'refused');
  folder.write('openclaw.json', onPort(3));
  await statusOf(keeper, () => portOf(keeper) === 3);
  assert.deepEqual(tried, [2, 3]);
});

test('a secret that is rotated in its file is told, and keeps no new version', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': "{ gateway: { auth: { token: { $secret: { file: 'token' } } } } }", token: 'one' });
  const keeper = await folder.open();
  const changes: AcceptedChange[] = [];
  keeper.onAccepted(async (change) => void changes.push(change));
  folder.write('token', 'two');
  await keeper.look();
  assert.deepEqual([changes.map(({ changed }) => changed), keeper.versions().length], [[['gateway.auth.token']], 1]);
});

test('the token that the gateway makes for itself is no change of the configuration; a new one in its file is', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  const changes: AcceptedChange[] = [];
  keeper.onAccepted(async (change) => void changes.push(change));
  const { file } = ensureGatewayToken(folder.path);
  await keeper.look();
  assert.deepEqual(changes, []);
  writeFileSync(file, 'another-token');
  await keeper.look();
  assert.deepEqual(
    changes.map(({ changed }) => changed),
    [['gateway.auth.token']],
  );
});

test('a history that cannot be written is said, and does not keep a good edit from being in force', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1), state: 'a file where the folder should be' });
  const keeper = await folder.open();
  const { log, lines } = createLoggedLines();
  keeper.start(log);
  folder.write('openclaw.json', onPort(2));
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.version, portOf(keeper)], ['current', undefined, 2]);
  // Of the start, which had no log yet, and of the edit.
  assert.equal(lines.filter(({ message }) => message === 'the configuration is in force, and could not be kept in its history').length, 2);
  assert.equal(await codeOf(keeper.write({ text: onPort(3), by: 'cli' })), 'storage_full');
  assert.deepEqual([portOf(keeper), readFileSync(folder.file, 'utf8')], [2, onPort(2)]);
});

test('what a writer left that was killed is gone at the next start, and what one is writing now stays', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1), 'openclaw.json.1.new': 'old', 'openclaw.json.mine.new': 'kept' });
  await folder.open();
  assert.ok(readdirSync(folder.path).includes('openclaw.json.1.new'));
  await folder.open({ clock: { now: () => Date.now() + 120_000 } as never });
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.endsWith('.new')),
    ['openclaw.json.mine.new'],
  );
});

test('a folder in the place of the file is refused and survived', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  rmSync(folder.file);
  mkdirSync(folder.file);
  await keeper.look();
  assert.deepEqual([keeper.status.state, keeper.status.problem?.code], ['refused', 'config_unreadable']);
});
