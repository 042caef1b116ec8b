import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readEnvironment } from '../../core/env.ts';
import { auditSecrets, type SecretsAudited } from './index.ts';

interface Place {
  readonly state: string;
  write(name: string, text: string, mode?: number): void;
  audit(env?: Record<string, string>): Promise<SecretsAudited>;
  /** What was found, as `code file:line`. */
  found(): Promise<readonly string[]>;
}

function createPlace(t: TestContext): Place {
  const home = mkdtempSync(join(tmpdir(), 'openclaw-audit-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const state = join(home, '.openclaw');
  mkdirSync(state, { mode: 0o700 });
  const place: Place = {
    state,
    write(name, text, mode = 0o600) {
      const file = join(home, name);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, text);
      chmodSync(file, mode);
    },
    audit: (env = {}) =>
      auditSecrets({
        environment: readEnvironment({ env: { OPENCLAW_STATE_DIR: state, ...env }, secretsDirectory: '/nowhere' }),
        home,
      }),
    async found() {
      const { findings } = await place.audit();
      return findings.map(({ code, file, line }) => `${code} ${file.slice(home.length + 1)}${line === undefined ? '' : `:${line}`}`);
    },
  };
  return place;
}

const secret = 'tr0ub4dor-and-3-horses';

test('a state with references alone is well', async (t) => {
  const { write, found } = createPlace(t);
  write('.openclaw/openclaw.json', "{ gateway: { auth: { token: { $secret: { file: 'credentials/mine' } } } } }");
  write('.openclaw/credentials/mine', `${secret}\n`);
  write('.openclaw/logs/gateway.log', '{"message":"ready","token":"[redacted]"}\n');
  write('.bash_history', 'openclaw gateway run --token "$TOKEN"\nexport OPENCLAW_GATEWAY_TOKEN=$(cat token)\n');
  assert.deepEqual(await found(), []);
});

test('a secret as text is named with file and line, whichever include it stands in', async (t) => {
  const { write, found } = createPlace(t);
  write('.openclaw/openclaw.json', `{\n  gateway: { auth: { token: '${secret}' } },\n  models: { providers: { $include: 'p.json5' } },\n}`);
  write(
    '.openclaw/p.json5',
    `{\n  openai: { apiKey: 'sk-abcdefgh12345678' },\n  other: { apiKey: '\${KEY}', baseUrl: 'http://u:pass1234@x/' },\n}`,
  );
  assert.deepEqual(await found(), [
    'plain_secret .openclaw/openclaw.json:2',
    'plain_secret .openclaw/p.json5:2',
    'plain_secret .openclaw/p.json5:3',
  ]);
});

test('env files, logs, histories and kept versions are looked through for known secrets and for what looks like one', async (t) => {
  const { write, found } = createPlace(t);
  write('.openclaw/openclaw.json', "{ gateway: { auth: { token: { $secret: { file: 'credentials/mine' } } } } }");
  write('.openclaw/credentials/mine', secret);
  write('.openclaw/.env', `# keys\nOPENAI_API_KEY="abcdefgh"\nPORT=1\nKEY_FILE=/run/key\n`);
  write('.openclaw/logs/gateway.log', `{"message":"ready"}\n{"message":"a ${secret}"}\n`);
  write('.openclaw/.ash_history', 'ls\nopenclaw health --token abcdef123456\n');
  write('.bash_history', `curl -H "authorization: Bearer ${secret}"\n`);
  write('.openclaw/state/config/1.json', `{ "text": "{ token: '${secret}' }" }`);
  write('.openclaw/state/config/last-good.json', `{ "text": "{ token: '${secret}' }" }`);
  assert.deepEqual(await found(), [
    'secret_in_env_file .openclaw/.env:2',
    'secret_in_log .openclaw/logs/gateway.log:2',
    'secret_in_history .openclaw/.ash_history:2',
    'secret_in_history .bash_history:1',
    'secret_in_version .openclaw/state/config/1.json:1',
  ]);
});

test('files with secrets that others may read are findings; what a container runtime mounts is not', async (t) => {
  const { write, found } = createPlace(t);
  write('.openclaw/openclaw.json', "{ gateway: { auth: { token: { $secret: { file: '../outside' } } } } }", 0o644);
  write('outside', secret, 0o640);
  write('.openclaw/credentials/mine', secret, 0o604);
  assert.deepEqual((await found()).toSorted(), [
    'open_mode .openclaw/credentials/mine',
    'open_mode .openclaw/openclaw.json',
    'open_mode outside',
  ]);
});

test('no finding holds a value, and every one says what mends it', async (t) => {
  const { write, audit } = createPlace(t);
  write('.openclaw/openclaw.json', `{ gateway: { auth: { token: '${secret}' } } }`, 0o666);
  write('.openclaw/.env', `MY_SECRET=${secret}\n`, 0o666);
  write('.openclaw/logs/gateway.log', `${secret}\n`.repeat(30));
  const { findings } = await audit();
  assert.ok(findings.length > 20);
  assert.ok(findings.some(({ message }) => message === '10 more lines like these.'));
  for (const { message, remedy } of findings) assert.notEqual(remedy, '', message);
  assert.doesNotMatch(JSON.stringify(findings), new RegExp(secret));
});

test('a configuration that would not start is audited all the same, also where a source is down', async (t) => {
  const { write, audit } = createPlace(t);
  const vault = "secrets: { timeoutMs: 100, vault: { address: 'http://127.0.0.1:1', token: 'hvs.plain-token' } }";
  write(
    '.openclaw/openclaw.json',
    `{ gatewai: {}, gateway: { auth: { token: { $secret: { vault: { path: 'a', key: 'b' } } } } }, ${vault} }`,
  );
  const { findings } = await audit();
  assert.deepEqual(
    findings.map(({ code, message }) => `${code} ${message}`),
    ['plain_secret secrets.vault.token is written as text.'],
  );
});
