/** Changes that come through the keeper and not through the file: written, rolled back, and kept without their secrets. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { OpenClawError } from '../../core/errors.ts';
import { codeOf, createKeptFolder, onPort, portOf } from './keeper.fixture.ts';

test('write checks, puts in force, and says who it was', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  const { fileHash } = keeper.status;
  const version = await keeper.write({ text: onPort(2), by: 'device:abc', ...(fileHash === undefined ? {} : { baseHash: fileHash }) });
  assert.deepEqual([version.version, version.by, version.changed], [2, 'device:abc', ['gateway.port']]);
  assert.deepEqual([readFileSync(folder.file, 'utf8'), portOf(keeper), keeper.readText()], [onPort(2), 2, onPort(2)]);
  assert.equal(await codeOf(keeper.write({ text: '{ gateway: 1 }', by: 'cli' })), 'config_invalid');
  assert.equal(await codeOf(keeper.write({ text: onPort(3), by: 'cli', baseHash: fileHash ?? '' })), 'config_conflict');
  assert.deepEqual([readFileSync(folder.file, 'utf8'), portOf(keeper), keeper.versions().length], [onPort(2), 2, 2]);
});

test('write makes the file where there is none, and ends rescue mode', async (t) => {
  const folder = createKeptFolder(t);
  const keeper = await folder.open({ rescue: true });
  await keeper.write({ text: onPort(2), by: 'device:abc' });
  assert.deepEqual([keeper.status.state, portOf(keeper), statSync(folder.file).mode & 0o777], ['current', 2, 0o600]);
});

test('check names every mistake and writes nothing', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': onPort(1) });
  const keeper = await folder.open();
  assert.deepEqual(await keeper.check(onPort(2)), []);
  assert.equal((await keeper.check('{ a: 1, b: 2 }')).length, 2);
  assert.equal(readFileSync(folder.file, 'utf8'), onPort(1));
});

test('rollback brings a version back with its comments, includes and the secrets that stand there now', async (t) => {
  const text = (port: number, token: string): string =>
    `{\n  // mine\n  gateway: { port: ${port}, auth: { token: '${token}' } },\n  models: { $include: 'models.json5' },\n}\n`;
  const folder = createKeptFolder(t, { 'openclaw.json': text(1, 'first-secret'), 'models.json5': '{ retry: { attempts: 2 } }' });
  const keeper = await folder.open();
  folder.write('openclaw.json', text(2, 'second-secret'));
  folder.write('models.json5', '{ retry: { attempts: 3 } }');
  await keeper.look();
  const version = await keeper.rollback(1, 'cli');
  assert.deepEqual([version.version, version.by, version.changed], [3, 'rollback to 1 by cli', ['gateway.port', 'models.retry.attempts']]);
  assert.equal(readFileSync(folder.file, 'utf8'), text(1, 'second-secret'));
  assert.equal(readFileSync(join(folder.path, 'models.json5'), 'utf8'), '{ retry: { attempts: 2 } }');
  assert.deepEqual([portOf(keeper), keeper.current?.settings.models.retry.attempts], [1, 2]);
  assert.equal(await codeOf(keeper.rollback(99, 'cli')), 'config_version_not_found');
});

test('rollback mends a file that cannot be read any more, from the secrets that are in force', async (t) => {
  const text = "{ gateway: { port: 1, auth: { token: 'the-secret' } } }";
  const folder = createKeptFolder(t, { 'openclaw.json': text });
  const keeper = await folder.open();
  folder.write('openclaw.json', '{ gateway: ');
  await keeper.look();
  assert.equal((await keeper.rollback(1, 'cli')).version, 1);
  assert.deepEqual([readFileSync(folder.file, 'utf8'), keeper.status.state], [text, 'current']);
});

test('no secret is in the history, and texts of versions show none', async (t) => {
  const secrets = [
    'plain-gateway-token',
    'plain-provider-key',
    'header-secret-1',
    'url-secret-99',
    'value-of-variable',
    'sk-commented-out-key',
  ];
  const folder = createKeptFolder(t, {
    '.env': 'A_KEY=value-of-variable\n',
    'openclaw.json': `{
      // apiKey: 'sk-commented-out-key'
      gateway: { auth: { token: 'plain-gateway-token' } },
      models: { providers: { $include: 'providers.json5' } } }`,
    'providers.json5': `{ a: { baseUrl: 'http://u:url-secret-99@h/v1', api: 'ollama', headers: { x: 'header-secret-1' }, apiKey: 'plain-provider-key' },
      b: { baseUrl: 'http://h/v1', api: 'ollama', apiKey: '\${A_KEY}' } }`,
  });
  const keeper = await folder.open();
  const history = join(folder.path, 'state', 'config');
  const kept = readdirSync(history).filter((name) => name !== 'last-good.json');
  const texts = kept.map((name) => readFileSync(join(history, name), 'utf8'));
  for (const secret of secrets) {
    assert.ok(
      texts.every((text) => !text.includes(secret)),
      secret,
    );
    assert.ok(!keeper.versionText(1).includes(secret), secret);
  }
  assert.match(texts.join(''), /‹secret gateway\.auth\.token›.*‹secret models\.providers\.a\.apiKey›.*\$\{A_KEY\}/s);
  assert.equal(statSync(history).mode & 0o777, 0o700);
  for (const name of readdirSync(history)) assert.equal(statSync(join(history, name)).mode & 0o777, 0o600, name);
  const lastGood = readFileSync(join(history, 'last-good.json'), 'utf8');
  assert.ok(!lastGood.includes('value-of-variable'));
});

test('the path where a secret is missing is named, and nothing is rolled back', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': "{ gateway: { auth: { token: 'gone-for-good' } } }" });
  const keeper = await folder.open();
  await keeper.write({ text: onPort(2), by: 'cli' });
  const error = await keeper.rollback(1, 'cli').catch((thrown: unknown) => thrown);
  assert.ok(error instanceof OpenClawError);
  assert.deepEqual([error.code, error.details['path'], portOf(keeper)], ['config_secret_missing', 'gateway.auth.token', 2]);
});
