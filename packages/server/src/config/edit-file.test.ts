import assert from 'node:assert/strict';
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { systemClock } from '../core/clock.ts';
import { readEnvironment } from '../core/env.ts';
import { setSetting, unsetSetting } from './edit-file.ts';
import { createFolder, type Folder } from './folder.fixture.ts';
import { parsePath } from './path.ts';

function setup(
  t: TestContext,
  text?: string,
  env: Record<string, string> = {},
): { folder: Folder; file: string; options: Parameters<typeof setSetting>[0]; read: () => string } {
  const folder = createFolder(t, text === undefined ? {} : { 'openclaw.json': text });
  const file = join(folder.path, 'openclaw.json');
  const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: folder.path, ...env }, secretsDirectory: join(folder.path, 'none') });
  return { folder, file, options: { environment, clock: systemClock, by: 'cli' }, read: () => readFileSync(file, 'utf8') };
}

test('a new file is for its owner only; an existing one keeps its mode and its link', async (t) => {
  const { folder, file, options, read } = setup(t);
  await setSetting(options, ['gateway', 'port'], '8080');
  assert.equal(read(), '{\n  gateway: {\n    port: 8080,\n  },\n}\n');
  assert.equal(statSync(file).mode & 0o777, 0o600);

  const other = createFolder(t);
  writeFileSync(join(other.path, 'openclaw.json'), '{}');
  symlinkSync(file, join(other.path, 'link.json'));
  chmodSync(file, 0o640);
  await setSetting({ ...options, flags: { config: join(other.path, 'link.json') } }, ['gateway', 'port'], '8081');
  assert.match(read(), /8081/);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.ok(lstatSync(join(other.path, 'link.json')).isSymbolicLink());
  assert.deepEqual(readdirSync(folder.path), ['openclaw.json', 'state']);
});

test('a change that makes the configuration bad is refused, and the file stays as it was', async (t) => {
  const text = '{\n  gateway: { port: 1 },\n}\n';
  const { folder, file, options, read } = setup(t, text);
  const tries: readonly (readonly [string, string, RegExp])[] = [
    ['gateway.port', 'high', /gateway\.port must be a whole number/],
    ['gateway.prt', '1', /there is no setting gateway\.prt\.$/],
    ['channels.slack', '{}', /channels.slack comes with a later release/],
    ['gateway', '{ a: 1, a: 2 }', /the value cannot be set: a stands here a second time/],
    ['gateway.port.x', '1', /gateway\.port is a single value/],
    ['', '{}', /set needs the path of a setting/],
  ];
  const inode = statSync(file).ino;
  for (const [path, value, message] of tries) await assert.rejects(setSetting(options, parsePath(path), value), { message }, path);
  assert.equal(read(), text);
  assert.equal(statSync(file).ino, inode);
  assert.deepEqual(readdirSync(folder.path), ['openclaw.json']);
});

test('a value is JSON5 where it can be, and text where the setting is one', async (t) => {
  const { options, read } = setup(t, '{ gateway: {} }', { KEY: 'k' });
  const {
    configuration: { settings },
  } = await setSetting(options, parsePath('gateway.auth.token'), '123456');
  assert.equal(settings.gateway.auth.token, '123456');
  await setSetting(options, parsePath('gateway.bind'), 'lan');
  await setSetting(options, parsePath('gateway.limits.bodyBytes'), '64MiB');
  await setSetting(options, parsePath('models.routes["gpt-4.1"]'), "{ targets: ['a/b'] }");
  const { configuration: last } = await setSetting(options, parsePath('models.providers.openai.apiKey'), '${KEY}');
  assert.equal(last.settings.gateway.bind, 'lan');
  assert.equal(last.settings.gateway.limits.bodyBytes, 64 * 2 ** 20);
  assert.deepEqual(last.settings.models.routes['gpt-4.1']?.targets, [{ model: 'a/b', weight: 1 }]);
  assert.equal(last.settings.models.providers['openai']?.apiKey, 'k');
  assert.match(read(), /apiKey: '\$\{KEY\}'/);
});

test('a file that is not JSON5 is not edited, and its mistake is named', async (t) => {
  const { options, read } = setup(t, '{ gateway: ');
  await assert.rejects(setSetting(options, ['gateway', 'port'], '1'), {
    code: 'config_invalid',
    message: /openclaw\.json:1:11: not valid JSON5: unexpected end of input\.$/,
  });
  assert.equal(read(), '{ gateway: ');
});

test('what is unset falls back to the default', async (t) => {
  const { options, read } = setup(t, '{\n  gateway: {\n    port: 1,\n    // stays\n  },\n}\n');
  const {
    configuration: { settings },
  } = await unsetSetting(options, ['gateway', 'port']);
  assert.equal(settings.gateway.port, 18_789);
  assert.equal(read(), '{\n  gateway: {\n    // stays\n  },\n}\n');
});

test('what stands in an included file, or nowhere, is not unset', async (t) => {
  const { folder, options } = setup(t, "{ gateway: { $include: 'a.json5' } }");
  folder.write('a.json5', '{ port: 1 }');
  for (const path of ['gateway.port', 'logging.level']) {
    await assert.rejects(unsetSetting(options, parsePath(path)), {
      code: 'usage_error',
      message: `${path} does not stand in the configuration file itself.`,
    });
  }
});

test('what is written in short is written out when another of its properties is set', async (t) => {
  const { options, read } = setup(t, "{ models: { routes: { fast: { targets: ['a/b', /* kept */ 'c/d'] } } } }");
  const {
    configuration: { settings },
  } = await setSetting(options, parsePath('models.routes.fast.targets[1].weight'), '3');
  assert.deepEqual(settings.models.routes['fast']?.targets, [
    { model: 'a/b', weight: 1 },
    { model: 'c/d', weight: 3 },
  ]);
  assert.match(read(), /'a\/b', \/\* kept \*\/ \{/);
  await setSetting(options, parsePath('models.routes.fast.targets[0]'), 'x/y');
  assert.match(read(), /'x\/y'/);
});
