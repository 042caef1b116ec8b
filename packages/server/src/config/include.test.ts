import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createFolder } from './folder.fixture.ts';

test('an object is put together from files: later ones win, and what stands beside $include wins over all', async (t) => {
  const folder = createFolder(t, {
    'openclaw.json': "{ $include: ['a.json5', 'parts/b.json5'], gateway: { port: 3 } }",
    'a.json5': "{ gateway: { port: 1, bind: 'lan' }, logging: { level: 'debug' } }",
    'parts/b.json5': "{ gateway: { port: 2, customBindHost: 'b' }, logging: { $include: 'c.json5' } }",
    'parts/c.json5': "{ level: 'warn' }",
  });
  const { settings, files, origins } = await folder.load();
  assert.deepEqual(
    [settings.gateway.port, settings.gateway.bind, settings.gateway.customBindHost, settings.logging.level],
    [3, 'lan', 'b', 'warn'],
  );
  assert.deepEqual(
    files,
    ['openclaw.json', 'a.json5', 'parts/b.json5', 'parts/c.json5'].map((name) => join(folder.path, name)),
  );
  assert.equal(origins.get('logging.level')?.where, `${join(folder.path, 'parts/c.json5')}:1:10`);
});

test('lists are replaced and not joined', async (t) => {
  const folder = createFolder(t, {
    'openclaw.json': "{ models: { $include: 'a.json5', routes: { fast: { targets: ['x/y'] } } } }",
    'a.json5': "{ routes: { fast: { targets: ['a/b', 'c/d'] } } }",
  });
  assert.deepEqual((await folder.load()).settings.models.routes['fast']?.targets, [{ model: 'x/y', weight: 1 }]);
});

test('a mistake in an included file is named with that file', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': "{ gateway: { $include: 'a.json5' } }", 'a.json5': '{\n  prt: 1,\n}' });
  assert.deepEqual(await folder.mistakes(), ['a.json5:2:3: there is no setting gateway.prt. Did you mean gateway.port?']);
});

test('files that include one another in a circle are refused', async (t) => {
  const folder = createFolder(t, { 'openclaw.json': "{ $include: 'a.json5' }", 'a.json5': "{ $include: 'openclaw.json' }" });
  assert.deepEqual(await folder.mistakes(), ['a.json5:1:13: $include: openclaw.json includes itself. Break the circle.']);
});

test('a chain of more than ten files is refused', async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `f${index}.json5`);
  const folder = createFolder(t, { 'openclaw.json': "{ $include: 'f0.json5' }" });
  names.forEach((name, index) => folder.write(name, `{ $include: '${names[index + 1] ?? 'end.json5'}' }`));
  assert.deepEqual(await folder.mistakes(), [
    'f9.json5:1:13: $include: more than 10 files include one another. Include them side by side.',
  ]);
});

test('a relative name may not lead out of the folder of the configuration, by dots or by a link', async (t) => {
  const folder = createFolder(t, { 'etc/openclaw.json': "{ $include: ['../secret.json5', 'link.json5'] }", 'secret.json5': '{}' });
  symlinkSync(join(folder.path, 'secret.json5'), join(folder.path, 'etc/link.json5'));
  const mistakes = await folder.mistakes({ env: { OPENCLAW_CONFIG_PATH: join(folder.path, 'etc/openclaw.json') } });
  const hint = 'Write its absolute path if you mean it.';
  assert.deepEqual(mistakes, [
    `etc/openclaw.json:1:14: $include: ../secret.json5 lies outside of etc. ${hint}`,
    `etc/openclaw.json:1:33: $include: link.json5 lies outside of etc. ${hint}`,
  ]);
});

test('an absolute path may lead out, and links within the folder are followed as volumes of Kubernetes need it', async (t) => {
  const folder = createFolder(t, {
    'other/a.json5': "{ $include: 'b.json5' }",
    'other/b.json5': '{ port: 5 }',
    'etc/..data/c.json5': "{ level: 'warn' }",
  });
  folder.write('etc/openclaw.json', `{ gateway: { $include: '${join(folder.path, 'other/a.json5')}' }, logging: { $include: 'c.json5' } }`);
  symlinkSync('..data/c.json5', join(folder.path, 'etc/c.json5'));
  const { settings } = await folder.load({ env: { OPENCLAW_CONFIG_PATH: join(folder.path, 'etc/openclaw.json') } });
  assert.deepEqual([settings.gateway.port, settings.logging.level], [5, 'warn']);
});

test('an include that cannot be read, holds no object or is no name is a mistake', async (t) => {
  const folder = createFolder(t, {
    'openclaw.json': "{ gateway: { $include: 'nowhere' }, models: { $include: 'list' }, logging: { $include: 7 } }",
    list: '[]',
  });
  const [missing = '', ...others] = await folder.mistakes();
  assert.match(
    missing,
    /^openclaw\.json:1:24: \$include: nowhere cannot be read: ENOENT.* Names are relative to the file that includes\.$/,
  );
  assert.deepEqual(others, [
    'openclaw.json:1:57: $include: list does not hold an object. docs/config.md and `openclaw config schema` say what is accepted.',
    'openclaw.json:1:88: $include must be the name of a file, or a list of names. docs/config.md and `openclaw config schema` say what is accepted.',
  ]);
});
