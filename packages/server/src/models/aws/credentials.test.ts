import assert from 'node:assert/strict';
import { test } from 'node:test';
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
