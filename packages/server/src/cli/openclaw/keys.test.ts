import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminFixture, keyRecord } from './admin-client.fixture.ts';
import { registerKeysCommands } from './keys.ts';

const setup = () => createAdminFixture(registerKeysCommands);

test('create prints the key alone, and the rest beside it', async () => {
  const { run, wishes } = setup();
  const { stdout, stderr } = await run('keys create --name ci --models fast,local/small --scopes models,admin --expires 30d');
  assert.equal(stdout, 'ock_abcdef-the-rest-of-it\n');
  assert.match(stderr, /^key_new \(ci\) was created\. This is the only time/);
  assert.ok(!stderr.includes('the-rest'));
  assert.deepEqual(wishes, [
    { name: 'ci', scopes: ['models', 'admin'], models: ['fast', 'local/small'], expiresAt: '2026-01-31T00:00:00.000Z' },
  ]);
});

test('create wishes only for what was said, and takes a date too', async () => {
  const { run, wishes } = setup();
  await run('keys create --name ci');
  await run('keys create --name ci --expires 2026-12-31');
  assert.deepEqual(wishes, [{ name: 'ci' }, { name: 'ci', expiresAt: '2026-12-31T00:00:00.000Z' }]);
});

test('create as JSON prints one document with the key', async () => {
  const { stdout } = await setup().run('keys create --name ci -o json');
  assert.equal((JSON.parse(stdout) as { key: string }).key, 'ock_abcdef-the-rest-of-it');
});

test('limits that nothing enforces are refused, and no key is created', async () => {
  const { run, wishes } = setup();
  for (const flag of ['--rpm 60', '--tpm 100000', '--usd-per-day 5', '--usd-per-month 50']) {
    await assert.rejects(run(`keys create --name ci ${flag}`), { code: 'usage_error', message: /comes with a later release/ });
  }
  assert.deepEqual(wishes, []);
});

test('what is no moment is refused with an example', async () => {
  for (const expires of ['soon', '30', '-1d']) {
    await assert.rejects(setup().run(`keys create --name ci --expires=${expires}`), { code: 'usage_error', hint: /30d/ });
  }
});

test('list fits the terminal, and a pipe gets everything', async () => {
  const { run, keys } = setup();
  keys.push(
    keyRecord('key_1', { models: ['fast', 'local/small'], expiresAt: '2027-01-31T00:00:00.000Z' }),
    keyRecord('key_2', { name: 'x'.repeat(60), state: 'revoked' }),
  );
  const { stdout, stderr } = await run('keys list');
  assert.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0]!, /^ID +NAME +KEY +STATE +SCOPES +MODELS +CREATED +EXPIRES$/);
  assert.match(lines[1]!, /^key_1 +ci +ock_abcdef… +active +models +fast,local\/small +2026-01-01 +2027-01-31$/);
  assert.match(lines[2]!, /^key_2 +x{60} +ock_abcdef… +revoked +models +all +2026-01-01 +never$/);
  for (const line of (await run('keys list', 90)).stdout.split('\n')) assert.ok(line.length <= 90, line);
});

test('list without keys prints nothing but a note, and as JSON an empty list', async () => {
  const { run } = setup();
  const { stdout, stderr } = await run('keys list');
  assert.equal(stdout, '');
  assert.match(stderr, /no keys/);
  assert.deepEqual(JSON.parse((await run('keys list -o json')).stdout), { keys: [] });
});

test('revoke takes an id, a name that is not ambiguous, or the key itself', async () => {
  const { run, keys } = setup();
  keys.push(
    keyRecord('key_1', { name: 'ci' }),
    keyRecord('key_2', { name: 'old', prefix: 'ock_zzzzzz' }),
    keyRecord('key_3', { name: 'ci', state: 'revoked' }),
  );
  assert.equal((await run('keys revoke key_2')).stdout, 'key_2 (old) is revoked.\n');
  assert.equal((await run('keys revoke ci')).stdout, 'key_1 (ci) is revoked.\n');
  assert.equal((await run('keys revoke ock_zzzzzzwhatever')).stdout, 'key_2 (old) is revoked.\n');
  assert.equal((JSON.parse((await run('keys revoke key_1 -o json')).stdout) as { state: string }).state, 'revoked');
});

test('revoke refuses a name that several keys have, and one that none has, without repeating a key', async () => {
  const { run, keys } = setup();
  keys.push(keyRecord('key_1'), keyRecord('key_2'));
  await assert.rejects(run('keys revoke ci'), { code: 'usage_error', hint: /key_1, key_2/ });
  await assert.rejects(run('keys revoke nobody'), { code: 'key_not_found', message: 'There is no key nobody.' });
  await assert.rejects(run('keys revoke ock_secretsecret'), (error: Error) => !error.message.includes('secretsecret'));
  await assert.rejects(run('keys revoke key_9'), { code: 'key_not_found' });
});

test('every command shows examples in its help', async () => {
  for (const command of ['create', 'list', 'revoke']) {
    let help = '';
    await assert.rejects(
      createAdminFixture((program, context) => {
        registerKeysCommands(program, context);
        program.configureOutput({ writeOut: (text) => void (help += text) });
        for (const child of program.commands)
          for (const grandchild of child.commands) grandchild.configureOutput({ writeOut: (text) => void (help += text) });
      }).run(`keys ${command} --help`),
      { code: 'commander.helpDisplayed' },
    );
    assert.match(help, new RegExp(`Examples:\\n.*openclaw keys ${command}`));
    assert.ok(!help.includes('--rpm'));
  }
});
