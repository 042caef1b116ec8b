import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdminFixture, keyRecord } from './admin-client.fixture.ts';
import { registerKeysCommands } from './keys.ts';

const modelNames = (): Promise<string[]> => Promise.resolve(['fast', 'local/small', 'openai/gpt-5']);
const setup = () => createAdminFixture((program, context) => registerKeysCommands(program, { ...context, modelNames }));

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

test('create takes the limits as numbers, 0 among them', async () => {
  const { run, wishes } = setup();
  await run('keys create --name ci --rpm 60 --tpm 100000 --usd-per-day 5 --models fast,local/small');
  await run('keys create --name none --rpm 0 --usd-per-month 0.25');
  assert.deepEqual(wishes, [
    { name: 'ci', models: ['fast', 'local/small'], rpm: 60, tpm: 100_000, usdPerDay: 5 },
    { name: 'none', rpm: 0, usdPerMonth: 0.25 },
  ]);
});

test('what is no amount is refused by the name of its flag, and nothing is asked for', async () => {
  const { run, wishes, changes } = setup();
  for (const flag of [
    '--rpm 1.5',
    '--rpm -1',
    '--rpm 1e3',
    '--tpm NaN',
    '--tpm 0x10',
    '--usd-per-day 1e400',
    '--usd-per-month -5',
    '--rpm=',
  ]) {
    for (const command of ['create --name ci', 'update key_1'])
      await assert.rejects(run(`keys ${command} ${flag}`), {
        code: 'usage_error',
        message: new RegExp(`^${flag.slice(0, 5)}.* is not an amount of`),
      });
  }
  assert.deepEqual([wishes, changes], [[], []]);
});

test('update sends only what was named, and null for what is taken away', async () => {
  const { run, keys, changes } = setup();
  keys.push(keyRecord('key_1', { name: 'ci' }));
  await run('keys update ci --rpm 120 --no-tpm --usd-per-day 0');
  await run('keys update key_1 --name build --models fast --expires 30d');
  await run('keys update key_1 --no-models --no-expires --no-rpm --no-usd-per-day --no-usd-per-month');
  assert.deepEqual(changes, [
    { id: 'key_1', wanted: { rpm: 120, tpm: null, usdPerDay: 0 } },
    { id: 'key_1', wanted: { name: 'build', models: ['fast'], expiresAt: '2026-01-31T00:00:00.000Z' } },
    { id: 'key_1', wanted: { models: null, expiresAt: null, rpm: null, usdPerDay: null, usdPerMonth: null } },
  ]);
  await assert.rejects(run('keys update key_1'), { code: 'usage_error', message: /Nothing was named/ });
  await assert.rejects(run('keys update nobody --rpm 1'), { code: 'key_not_found' });
});

test('show names each limit with what is used of it, and list has them in one cell', async () => {
  const { run, keys } = setup();
  keys.push(
    keyRecord('key_1', {
      limits: { rpm: 60, tpm: null, usdPerDay: 5, usdPerMonth: null },
      used: { requests: 3, tokens: null, usdToday: 0.42, usdThisMonth: 0.42, usdReserved: 0.1 },
    }),
  );
  const { stdout } = await run('keys show ci');
  assert.match(stdout, /^ID +key_1\nNAME +ci\n/);
  assert.match(stdout, /\nrequests\/minute +3 of 60\n/);
  assert.match(stdout, /\nUS\$ today +\$0\.4200 of \$5\.00, \$0\.1000 reserved\n/);
  assert.ok(!stdout.includes('tokens') && !stdout.includes('month'));
  assert.match((await run('keys list')).stdout, / 3\/60 rpm, \$0\.4200\/\$5\.00 day /);
  assert.deepEqual(JSON.parse((await run('keys show key_1 -o json')).stdout), keys[0]);
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
  assert.match(lines[0]!, /^ID +NAME +KEY +STATE +SCOPES +MODELS +LIMITS +CREATED +EXPIRES$/);
  assert.match(lines[1]!, /^key_1 +ci +ock_abcdef… +active +models +fast,local\/small +none +2026-01-01 +2027-01-31$/);
  assert.match(lines[2]!, /^key_2 +x{60} +ock_abcdef… +revoked +models +all +none +2026-01-01 +never$/);
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
  for (const command of ['create', 'list', 'show', 'update', 'revoke']) {
    let help = '';
    await assert.rejects(
      createAdminFixture((program, context) => {
        registerKeysCommands(program, { ...context, modelNames });
        program.configureOutput({ writeOut: (text) => void (help += text) });
        for (const child of program.commands)
          for (const grandchild of child.commands) grandchild.configureOutput({ writeOut: (text) => void (help += text) });
      }).run(`keys ${command} --help`),
      { code: 'commander.helpDisplayed' },
    );
    assert.match(help, new RegExp(`Examples:\\n.*openclaw keys ${command}`));
  }
});

test('a name that nothing has is noted, for it is likely a slip, and the key is made all the same', async () => {
  const { run, wishes, keys } = setup();
  const { stderr } = await run('keys create --name ci --models fsat,nowhere/small,fast,small,local/new');
  assert.match(stderr, /\nNote: nothing here is called fsat, nowhere\/small now; `openclaw models list` shows what is\.\n$/);
  assert.equal(wishes.length, 1);
  keys.push(keyRecord('key_1'));
  assert.match((await run('keys update key_1 --models fsat')).stderr, /^Note: nothing here is called fsat now/);
  assert.equal((await run('keys update key_1 --models gpt-5')).stderr, '');
});
