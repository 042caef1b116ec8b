import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { main } from './main.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Desk {
  readonly folder: string;
  readonly state: string;
  path(name: string): string;
  read(name: string): string;
  run(words: readonly string[], env?: Record<string, string>): Promise<Ran>;
}

async function atDesk(use: (desk: Desk) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-deploy-'));
  const state = join(folder, 'state');
  const desk: Desk = {
    folder,
    state,
    path: (name) => join(folder, 'out', name),
    read: (name) => readFileSync(join(folder, 'out', name), 'utf8'),
    async run(words, env = {}) {
      const said = { out: '', err: '' };
      const code = await main(['deploy', ...words, ...(words[0] === 'check' ? [] : ['--out', join(folder, 'out')])], {
        env: { HOME: folder, PATH: '/nonexistent', OPENCLAW_STATE_DIR: state, ...env },
        stdout: { write: (text) => (said.out += text) },
        stderr: { write: (text) => (said.err += text) },
      });
      return { code, ...said };
    },
  };
  try {
    await use(desk);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the files are those of this configuration, and its secrets are in a private .env', () =>
  atDesk(async ({ run, read, path, state }) => {
    const { code, out, err } = await run(['docker', '--memory', '2GiB', '--image', 'r.example/openclaw@sha256:5ec7e7'], {
      OPENCLAW_GATEWAY_TOKEN: 'the-token-of-this-configuration',
      OPENCLAW_GATEWAY_PORT: '19001',
      OPENCLAW_GATEWAY_BIND: 'lan',
      OPENAI_API_KEY: 'sk-of-a-provider',
      ANTHROPIC_API_KEY: 'with $signs that readers take differently',
    });
    assert.equal(code, 0, err);
    const service = (parse(read('docker-compose.yml')) as { services: Record<string, Record<string, unknown>> }).services[
      'openclaw-gateway'
    ];
    assert.equal(service?.['image'], 'r.example/openclaw@sha256:5ec7e7');
    assert.equal(service['mem_limit'], '2048m');
    assert.deepEqual(service['ports'], ['19001:19001']);
    assert.equal(read('.env'), 'OPENCLAW_GATEWAY_TOKEN=the-token-of-this-configuration\nOPENAI_API_KEY=sk-of-a-provider\n');
    assert.equal(statSync(path('.env')).mode & 0o777, 0o600);
    assert.match(err, /ANTHROPIC_API_KEY .* left out: write it there yourself/);
    assert.ok(!out.includes('the-token') && !err.includes('the-token'));
    assert.ok(!existsSync(state), 'to write files for elsewhere makes no state here');
  }));

test('again it changes nothing; what would change is refused as a whole, and forced it keeps .env', () =>
  atDesk(async ({ run, read, path }) => {
    await run(['docker']);
    const [compose, env] = [read('docker-compose.yml'), read('.env')];
    assert.match(env, /^OPENCLAW_GATEWAY_TOKEN=[\w-]{43}\n$/);
    const again = await run(['docker', '-o', 'json']);
    assert.deepEqual((JSON.parse(again.out) as { files: unknown }).files, [
      { path: 'docker-compose.yml', change: 'unchanged' },
      { path: '.env', change: 'unchanged' },
    ]);
    writeFileSync(path('.env'), `${env}MINE=1`);
    chmodSync(path('.env'), 0o644);
    const refused = await run(['docker', '--memory', '2GiB']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /docker-compose\.yml is there already, and would change\.\n {2}Nothing was written/);
    assert.equal(read('docker-compose.yml'), compose);
    assert.equal((await run(['docker'])).code, 0);
    assert.equal(statSync(path('.env')).mode & 0o777, 0o600);
    const forced = await run(['docker', '--memory', '2GiB', '--force'], { OPENAI_API_KEY: 'sk-new' });
    assert.equal(forced.code, 0, forced.err);
    assert.match(read('docker-compose.yml'), /mem_limit: 2048m/);
    assert.equal(read('.env'), `${env}MINE=1\nOPENAI_API_KEY=sk-new\n`);
    assert.equal(statSync(path('.env')).mode & 0o777, 0o600);
  }));

test('a password stays a password, and auth that cannot travel becomes a token, which is said', () =>
  atDesk(async ({ run, read, folder }) => {
    await run(['kubernetes'], { OPENCLAW_GATEWAY_PASSWORD: 'people-choose-it' });
    assert.equal(read('.env'), 'OPENCLAW_GATEWAY_PASSWORD=people-choose-it\n');
    rmSync(join(folder, 'out'), { recursive: true });
    writeFileSync(join(folder, 'openclaw.json'), "{ gateway: { auth: { mode: 'none' } } }");
    const { err } = await run(['systemd'], { OPENCLAW_CONFIG_PATH: join(folder, 'openclaw.json') });
    assert.match(err, /gateway\.auth\.mode is none here\. Elsewhere it starts with the token/);
    assert.match(read('.env'), /^OPENCLAW_GATEWAY_TOKEN=\S{43}\n$/);
  }));

test('an unknown target and too little memory are wrong words; the targets are named', () =>
  atDesk(async ({ run }) => {
    const { code, err } = await run(['heroku']);
    assert.equal(code, 2);
    assert.match(err, /nothing is known of the target heroku.*docker, compose, systemd/s);
    assert.equal((await run(['docker', '--memory', '64MiB'])).code, 2);
    assert.equal((await run(['docker', '--memory', 'much'])).code, 2);
  }));

test('deploy check: 1 with a remedy for each item that fails, where nothing runs, and where there is no such container', () =>
  atDesk(async ({ run }) => {
    const { code, out } = await run(['check', '-o', 'json'], { OPENCLAW_GATEWAY_PORT: '1' });
    assert.equal(code, 1);
    const { status, items } = JSON.parse(out) as { status: string; items: { outcome: string; remedy?: string }[] };
    assert.equal(status, 'fail');
    for (const { outcome, remedy } of items) assert.ok(outcome !== 'fail' || remedy !== undefined);
    const text = await run(['check'], { OPENCLAW_GATEWAY_PORT: '1' });
    assert.match(text.out, /^FAIL {2}it runs, and is not started again and again\n {8}seen {2}.*\n {8}mend {2}/m);
    const refused = await run(['check', '--url', 'http://127.0.0.1:1', '--token', 'x', '-o', 'json']);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /ECONNREFUSED/);
    const none = await run(['check', '--container', 'openclaw-test-that-is-not-there']);
    assert.equal(none.code, 1);
    assert.match(none.err, /there is no docker on this machine|Docker shows no container/);
  }));
