import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadAwsCredentials } from './credentials.ts';

const environment = (values: Readonly<Record<string, string>>) => (name: string) => values[name];
const never = () => Promise.reject(new Error('the machine was asked'));

test('access keys of the environment are taken, with the session token where there is one', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKID\n', AWS_SECRET_ACCESS_KEY: 'secret' };
  const load = (values: Readonly<Record<string, string>>) =>
    loadAwsCredentials({ lookUp: environment(values), provider: 'bedrock', ofMachine: never })();
  assert.deepEqual(await load(keys), { accessKeyId: 'AKID', secretAccessKey: 'secret' });
  assert.deepEqual(await load({ ...keys, AWS_SESSION_TOKEN: 'token' }), {
    accessKeyId: 'AKID',
    secretAccessKey: 'secret',
    sessionToken: 'token',
  });
});

test('without both halves of a key the machine is asked: its chain is loaded once, and asked each time', async () => {
  let loaded = 0;
  let asked = 0;
  const credentials = loadAwsCredentials({
    lookUp: environment({ AWS_ACCESS_KEY_ID: 'AKID' }),
    provider: 'bedrock',
    ofMachine() {
      loaded += 1;
      return Promise.resolve(() => Promise.resolve({ accessKeyId: `ROLE${++asked}`, secretAccessKey: 'secret' }));
    },
  });
  assert.equal(loaded, 0, 'nothing happens before the first request');
  assert.equal((await credentials()).accessKeyId, 'ROLE1');
  assert.equal((await credentials()).accessKeyId, 'ROLE2');
  assert.equal(loaded, 1);
});

test('no credentials at all is an error that says where they could be, and asking again may find some', async () => {
  let found = false;
  const source = () =>
    found ? Promise.resolve({ accessKeyId: 'ROLE', secretAccessKey: 'secret' }) : Promise.reject(new Error('Could not load credentials'));
  const credentials = loadAwsCredentials({ lookUp: environment({}), provider: 'bedrock', ofMachine: () => Promise.resolve(source) });
  await assert.rejects(credentials(), (error: Error & { code: string; hint: string }) => {
    assert.equal(error.code, 'upstream_authentication');
    assert.match(error.message, /^bedrock .*no AWS credentials were found \(Could not load credentials\)/);
    assert.match(error.hint, /AWS_ACCESS_KEY_ID/);
    return true;
  });
  found = true;
  assert.equal((await credentials()).accessKeyId, 'ROLE');
});

const run = promisify(execFile);

/** AWS's chain reads the environment of its process, so it gets one of its own. */
async function askMachine(environment: Readonly<Record<string, string>>): Promise<string> {
  const script = `
    const { loadAwsCredentials } = await import(${JSON.stringify(new URL('credentials.ts', import.meta.url).href)});
    const credentials = loadAwsCredentials({ lookUp: () => undefined, provider: 'bedrock' });
    console.log(await credentials().then(({ accessKeyId }) => accessKeyId, ({ code }) => code));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { AWS_EC2_METADATA_DISABLED: 'true', ...environment },
  });
  return stdout.trim();
}

test("the profiles of this machine are found as AWS's own tools find them, and their absence is an error of ours", async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-aws-'));
  t.after(() => rm(home, { recursive: true }));
  const file = join(home, 'credentials');
  const profile = (name: string, key: string): string => `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`;
  await writeFile(file, profile('default', 'AKIDDEFAULT') + profile('work', 'AKIDWORK'));
  const found = { HOME: home, AWS_SHARED_CREDENTIALS_FILE: file };
  assert.deepEqual(await Promise.all([askMachine(found), askMachine({ ...found, AWS_PROFILE: 'work' }), askMachine({ HOME: home })]), [
    'AKIDDEFAULT',
    'AKIDWORK',
    'upstream_authentication',
  ]);
});
