import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findCluster } from './cluster-access.ts';

let home = '';
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'openclaw-kubeconfig-'))));
afterEach(() => rmSync(home, { recursive: true }));

function write(name: string, content: string | object, mode = 0o600): string {
  const file = join(home, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return file;
}

const config = {
  clusters: [
    {
      name: 'prod',
      cluster: { server: 'https://prod.example.org:6443', 'certificate-authority-data': Buffer.from('PEM').toString('base64') },
    },
  ],
  users: [{ name: 'me', user: { token: 'secret-token' } }],
  contexts: [
    { name: 'prod', context: { cluster: 'prod', user: 'me', namespace: 'shop' } },
    { name: 'lost', context: { cluster: 'gone', user: 'me' } },
  ],
  'current-context': 'prod',
};

describe('the cluster that is asked', () => {
  it('is the one that flags name, without any file', async () => {
    const found = await findCluster({ server: 'https://c.example.org:6443/', token: 't' }, { HOME: home });
    assert.deepEqual(found, { access: { server: 'https://c.example.org:6443', token: 't' }, namespace: 'default' });
  });

  it('is that of the current context in ~/.kube/config, with its namespace', async () => {
    write('.kube/config', config);
    const found = await findCluster({}, { HOME: home });
    assert.deepEqual(found, {
      access: { server: 'https://prod.example.org:6443', token: 'secret-token', authority: 'PEM' },
      namespace: 'shop',
    });
    assert.equal((await findCluster({ namespace: 'other' }, { HOME: home })).namespace, 'other');
  });

  it('is put together of the files of KUBECONFIG, in YAML too; the first that has a name wins', async () => {
    const one = write('one', 'current-context: prod\ncontexts:\n- name: prod\n  context: { cluster: prod, user: file }\n');
    const two = write('two', { ...config, users: [{ name: 'file', user: { tokenFile: 'token' } }] });
    write('token', 'of-the-file\n');
    const found = await findCluster({}, { HOME: home, KUBECONFIG: `${one}:${join(home, 'missing')}:${two}` });
    assert.equal(found.access.token, 'of-the-file');
    assert.equal(found.access.server, 'https://prod.example.org:6443');
    assert.equal(found.namespace, 'default');
  });

  it('is asked with what a program says, as clouds have it', async () => {
    write('bin/plugin', '#!/bin/sh\necho "{\\"status\\":{\\"token\\":\\"$KIND-$1\\"}}"\n', 0o755);
    const exec = { command: './bin/plugin', args: ['get-token'], env: [{ name: 'KIND', value: 'cloud' }] };
    const file = write('config', { ...config, users: [{ name: 'me', user: { exec } }] });
    const found = await findCluster({ kubeconfig: file }, { HOME: home, PATH: process.env['PATH'] });
    assert.equal(found.access.token, 'cloud-get-token');
  });

  it('is refused in words that show no secret', async () => {
    const file = write('config', config);
    await assert.rejects(findCluster({ kubeconfig: file, context: 'prd' }, {}), /no context prd; did you mean prod/);
    await assert.rejects(findCluster({ kubeconfig: file, context: 'lost' }, {}), /the cluster of its context lost is not in it/);
    await assert.rejects(findCluster({ kubeconfig: join(home, 'none') }, {}), /cannot be read/);
    const broken = write('broken', 'users: [ token: secret-token');
    await assert.rejects(
      findCluster({ kubeconfig: broken }, {}),
      (error: Error) => !error.message.includes('secret-token') && /is not YAML/.test(error.message),
    );
    const failing = write('failing', { ...config, users: [{ name: 'me', user: { exec: { command: 'false' } } }] });
    await assert.rejects(
      findCluster({ kubeconfig: failing }, { PATH: process.env['PATH'] }),
      /false, which it names for the credential, fails/,
    );
    await assert.rejects(
      findCluster({ server: 'https://user:secret-token@c.example.org' }, {}),
      (error: Error) => !error.message.includes('secret-token'),
    );
  });
});
