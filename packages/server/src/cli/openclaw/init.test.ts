import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { main } from './main.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Place {
  readonly directory: string;
  readonly file: string;
  run(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
}

function setup(t: TestContext): Place {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-init-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    file: join(directory, 'openclaw.json'),
    async run(args, env = {}) {
      let [out, err] = ['', ''];
      const code = await main(args, {
        stdout: { write: (text) => (out += text) },
        stderr: { write: (text) => (err += text) },
        env: { HOME: directory, OPENCLAW_STATE_DIR: directory, ...env },
      });
      return { code, out, err };
    },
  };
}

const token = { OPENCLAW_GATEWAY_TOKEN: 'a-token-of-the-test' };

test('it writes a configuration that holds, for its owner alone, keeps it as a version, and names three commands', async (t) => {
  const { directory, file, run } = setup(t);
  const { code, out, err } = await run(['init'], token);
  assert.equal(code, 0, err);
  assert.match(out, /openclaw\.json is written: preset starter\.\n/);
  assert.deepEqual(
    [...out.matchAll(/^ {2}(openclaw \w+ ?\w*)/gm)].map(([, command]) => command?.trim()),
    ['openclaw gateway run', 'openclaw agent', 'openclaw dashboard'],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /a-token-of-the-test/);
  assert.match((await run(['config', 'validate'], token)).out, /is valid, and is version 1/);
  assert.match((await run(['config', 'history'], token)).out, /init starter by cli/);
  assert.deepEqual(readdirSync(directory).toSorted(), ['openclaw.json', 'state']);
});

test('without a token in the environment it makes one beside the file, for its owner alone, and leaves the other variables there', async (t) => {
  const { directory, run } = setup(t);
  const envFile = join(directory, '.env');
  writeFileSync(envFile, 'OTHER=1');
  const { code, out } = await run(['init']);
  assert.equal(code, 0);
  assert.match(out, /OPENCLAW_GATEWAY_TOKEN was not set: a new token is in \S+\.env/);
  assert.match(readFileSync(envFile, 'utf8'), /^OTHER=1\nOPENCLAW_GATEWAY_TOKEN=[\w-]{43}\n$/);
  assert.equal(statSync(envFile).mode & 0o777, 0o600);
  assert.equal((await run(['config', 'validate'])).code, 0);
  const written = readFileSync(envFile, 'utf8');
  assert.equal((await run(['init', '--force', '--preset', 'production'])).code, 0);
  assert.equal(readFileSync(envFile, 'utf8'), written);
});

test('it writes over nothing, and says how to', async (t) => {
  const { directory, file, run } = setup(t);
  writeFileSync(file, '{ gateway: { port: 18790 } }');
  const { code, out, err } = await run(['init']);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(err, /There is a configuration already: \S+openclaw\.json\.\n.*--print.*--force/);
  assert.equal(readFileSync(file, 'utf8'), '{ gateway: { port: 18790 } }');
  assert.deepEqual(readdirSync(directory), ['openclaw.json']);
});

test('with --force what stood there is a version, and comes back as it was', async (t) => {
  const { directory, file, run } = setup(t);
  const old = '{\n  // ours\n  gateway: { port: 18790 },\n}\n';
  writeFileSync(file, old);
  const { code, out, err } = await run(['init', '--force'], token);
  assert.equal(code, 0, err);
  assert.match(out, /What stood there is version 1: `openclaw config rollback 1` brings it back\./);
  assert.match(readFileSync(file, 'utf8'), /port: 18789/);
  assert.equal((await run(['config', 'rollback', '1'], token)).code, 0);
  assert.equal(readFileSync(file, 'utf8'), old);
  assert.deepEqual(readdirSync(directory).toSorted(), ['openclaw.json', 'state']);
});

test('secrets that stood there are in no version, so they stay in a file for its owner alone', async (t) => {
  const { file, run } = setup(t);
  const old = "{ gateway: { port: 18790, auth: { token: 'plain-token-of-ours' } } }\n";
  writeFileSync(file, old, { mode: 0o600 });
  const { out, err } = await run(['init', '--force'], token);
  assert.ok(out.includes(`What stood there is version 1, and with its secrets ${file}.before-init.`), out);
  assert.equal(readFileSync(`${file}.before-init`, 'utf8'), old);
  assert.equal(statSync(`${file}.before-init`).mode & 0o777, 0o600);
  const { out: diff } = await run(['config', 'diff', '1', '2'], token);
  assert.match(diff, /-.*port: 18790/);
  assert.doesNotMatch(out + err + diff, /plain-token-of-ours/);
});

test('a configuration that does not hold is replaced with --force too, and kept as a file', async (t) => {
  const { file, run } = setup(t);
  for (const [broken, kept] of [
    ['{ gateway: { prot: 1 } }', '.before-init'],
    ['no configuration at all', '.before-init-2'],
  ] as const) {
    writeFileSync(file, broken);
    const { code, out, err } = await run(['init', '--force'], token);
    assert.equal(code, 0, err);
    assert.ok(out.includes(`What stood there is ${file}${kept}.`), out);
    assert.equal(readFileSync(`${file}${kept}`, 'utf8'), broken);
    assert.equal((await run(['config', 'validate'], token)).code, 0);
  }
});

test('--print shows exactly what would be written, and writes nothing, whether there is one or not', async (t) => {
  const { directory, file, run } = setup(t);
  for (const preset of ['starter', 'production']) {
    const shown = await run(['init', '--print', '--preset', preset], token);
    assert.deepEqual([shown.code, shown.err], [0, '']);
    assert.equal(existsSync(file), preset !== 'starter');
    await run(['init', '--force', '--preset', preset], token);
    assert.equal(shown.out, readFileSync(file, 'utf8'));
  }
  assert.equal(existsSync(join(directory, '.env')), false);
});

test('providers are those whose key is in the environment or in .env, by the variable and never by the key', async (t) => {
  const { directory, file, run } = setup(t);
  writeFileSync(join(directory, '.env'), 'ANTHROPIC_API_KEY=sk-in-the-file\n');
  const { out, err } = await run(['init'], { ...token, OPENAI_API_KEY: 'sk-in-the-environment', COHERE_API_KEY: 'sk-other' });
  assert.match(out, /Providers: openai \(OPENAI_API_KEY\), anthropic \(ANTHROPIC_API_KEY\)\./);
  assert.match(err, /Also usable as provider\/model, by the keys in the environment: cohere\./);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /apiKey: '\$\{OPENAI_API_KEY\}'/);
  assert.match(text, /apiKey: '\$\{ANTHROPIC_API_KEY\}'/);
  assert.doesNotMatch(text + out + err, /sk-/);
});

test('another place is written to, and the next commands name it', async (t) => {
  const { directory, run } = setup(t);
  const elsewhere = join(directory, 'a folder', 'claw.json5');
  const { code, out, err } = await run(['init', '--config', elsewhere]);
  assert.equal(code, 0, err);
  assert.ok(out.includes(`  OPENCLAW_CONFIG_PATH='${elsewhere}' openclaw gateway run `), out);
  assert.match(readFileSync(join(directory, 'a folder', '.env'), 'utf8'), /^OPENCLAW_GATEWAY_TOKEN=/);
  assert.equal((await run(['config', 'validate', '--config', elsewhere])).code, 0);
});

test('a preset that is not there is refused with those that are', async (t) => {
  const { run } = setup(t);
  const { code, err } = await run(['init', '--preset', 'staging']);
  assert.equal(code, 2);
  assert.match(err, /starter, production/);
});
