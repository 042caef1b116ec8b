import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acquireStateLock } from '../storage/state-lock.ts';
import { findTarget, isGatewayNamed, type TargetFlags } from './gateway-target.ts';

async function inState<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-target-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const configured = "{ gateway: { auth: { mode: 'token', token: 'from-file' } } }";

test('flags come before the environment, and the environment before the gateway that holds the state directory', async () => {
  await inState(async (directory) => {
    writeFileSync(join(directory, 'openclaw.json'), configured);
    const env = { HOME: directory, OPENCLAW_STATE_DIR: directory };
    const find = (flags: TargetFlags, more: Record<string, string> = {}) => findTarget(flags, { ...env, ...more });
    await assert.rejects(find({}), { code: 'gateway_unreachable', message: /no gateway runs on/ });
    const named = await find({}, { OPENCLAW_GATEWAY_URL: 'http://127.0.0.1:1/' });
    assert.deepEqual(
      [named.url, named.from, named.isOwn, named.auth],
      ['ws://127.0.0.1:1', 'environment variable OPENCLAW_GATEWAY_URL', false, { token: 'from-file' }],
    );
    const flagged = await find({ url: 'wss://gateway.example', token: 'from-flag' }, { OPENCLAW_GATEWAY_URL: 'ws://127.0.0.1:1' });
    assert.deepEqual(
      [flagged.url, flagged.from, flagged.auth, flagged.credentialFrom],
      ['wss://gateway.example', '--url', { token: 'from-flag' }, '--token'],
    );
    assert.deepEqual((await find({ url: 'ws://127.0.0.1:1', password: 'word' })).auth, { password: 'word' });
    await assert.rejects(find({ url: 'gateway:18789x' }), { code: 'usage_error', message: /--url names no gateway/ });
  });
});

test('the gateway that holds the state directory is found by its lock, with the credential of the configuration', async () => {
  await inState(async (directory) => {
    writeFileSync(join(directory, 'openclaw.json'), configured);
    const env = { HOME: directory, OPENCLAW_STATE_DIR: directory };
    // Another process: whoever looks from the one that holds the lock would give it up.
    const holder = await import('node:child_process').then(({ spawn }) =>
      spawn(process.execPath, [
        '--input-type=module',
        '-e',
        `import { acquireStateLock } from ${JSON.stringify(new URL('../storage/state-lock.ts', import.meta.url).href)};
         const lock = await acquireStateLock(${JSON.stringify(directory)});
         await lock.setAddress('http://127.0.0.1:4711');
         console.log('held'); setInterval(() => {}, 1000);`,
      ]),
    );
    await new Promise((resolve, reject) => {
      holder.stdout.once('data', resolve);
      holder.once('exit', () => reject(new Error('the holder ended')));
    });
    try {
      const { url, from, isOwn, auth, credentialFrom } = await findTarget({}, env);
      assert.deepEqual([url, from, isOwn, auth], ['ws://127.0.0.1:4711', `the gateway on ${directory}`, true, { token: 'from-file' }]);
      assert.match(credentialFrom ?? '', /openclaw\.json/);
      writeFileSync(join(directory, 'openclaw.json'), '{ gateway: { nonsense: 1 } }');
      const broken = await findTarget({}, { ...env, OPENCLAW_GATEWAY_TOKEN: ' from-environment\n' });
      assert.deepEqual(
        [broken.auth, broken.credentialFrom],
        [{ token: 'from-environment' }, 'environment variable OPENCLAW_GATEWAY_TOKEN'],
      );
      assert.match(broken.problem?.message ?? '', /nonsense/);
    } finally {
      const ended = new Promise((resolve) => void holder.once('exit', resolve));
      holder.kill('SIGKILL');
      await ended;
    }
  });
});

test("the configuration's credential is never sent to another machine; what the environment has for this is", async () => {
  await inState(async (directory) => {
    writeFileSync(join(directory, 'openclaw.json'), configured);
    const env = { HOME: directory, OPENCLAW_STATE_DIR: directory };
    for (const url of [
      'ws://192.168.7.7:18789',
      'wss://attacker.example',
      'ws://localhost.attacker.example',
      'ws://127.0.0.1.attacker.example',
    ]) {
      const { auth, credentialFrom, isLoopback } = await findTarget({ url }, env);
      assert.deepEqual([auth, credentialFrom, isLoopback], [{}, undefined, false], url);
    }
    assert.deepEqual((await findTarget({ url: 'wss://gateway.example' }, { ...env, OPENCLAW_GATEWAY_TOKEN: 'mine' })).auth, {
      token: 'mine',
    });
    const password = await findTarget({ url: 'wss://gateway.example' }, { ...env, OPENCLAW_GATEWAY_PASSWORD: 'word' });
    assert.deepEqual(password.auth, { password: 'word' });
  });
});

test('who names a gateway need not be able to look into the state directory', async () => {
  await inState(async (directory) => {
    // No database at all: whoever looks into it is told so.
    writeFileSync(join(directory, 'lock.db'), 'not a lock');
    const env = { HOME: directory, OPENCLAW_STATE_DIR: directory };
    assert.equal((await findTarget({ url: 'ws://127.0.0.1:1', token: 'x' }, env)).isOwn, false);
    await assert.rejects(findTarget({}, env), { code: 'state_unwritable' });
    assert.equal(isGatewayNamed({}, env), false);
    assert.equal(isGatewayNamed({ url: 'ws://one' }, env), true);
    assert.equal(isGatewayNamed({}, { ...env, OPENCLAW_GATEWAY_URL: 'ws://one' }), true);
  });
});

test('a directory that is held by something that listens nowhere yet is told so', async () => {
  await inState(async (directory) => {
    mkdirSync(join(directory, 'held'));
    const lock = await acquireStateLock(join(directory, 'held'));
    lock.release();
    await assert.rejects(findTarget({}, { HOME: directory, OPENCLAW_STATE_DIR: join(directory, 'held') }), { code: 'gateway_unreachable' });
  });
});
