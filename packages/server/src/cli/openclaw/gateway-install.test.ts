import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { type InstallContext, registerInstallCommands } from './gateway-install.ts';
import { readServiceState, unitMark, unitName, type UnitOptions, unitText } from './systemd.ts';

const options: UnitOptions = {
  program: ['/opt/openclaw/openclaw'],
  stateDirectory: '/home/anna/.openclaw',
  configFile: '/home/anna/.openclaw/openclaw.json',
  environmentFile: '/home/anna/.config/openclaw/gateway.env',
  drainTimeoutMs: 20_000,
};

interface Home {
  readonly folder: string;
  readonly unitFile: string;
  readonly environmentFile: string;
  readonly asked: string[];
  /** What systemctl ends with; undefined where it is missing. */
  code: number | undefined;
  run(words: readonly string[], changes?: Partial<UnitOptions>): Promise<string>;
}

async function inHome(use: (home: Home) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-install-'));
  const unitFile = join(folder, '.config/systemd/user', unitName);
  const environmentFile = join(folder, '.config/openclaw/gateway.env');
  const home: Home = {
    ...{ folder, unitFile, environmentFile, asked: [], code: 0 },
    async run(words, changes = {}) {
      let stdout = '';
      const context: InstallContext = {
        io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: () => true }, env: {} },
        unitFile,
        systemctl: (...asked) => {
          home.asked.push(asked.join(' '));
          return Promise.resolve(home.code === undefined ? undefined : { stdout: 'active\n', code: home.code });
        },
        unit: () => Promise.resolve({ ...options, environmentFile, ...changes }),
      };
      const program = new Command('openclaw').exitOverride();
      registerInstallCommands(program, () => context);
      await program.parseAsync(words, { from: 'user' });
      return stdout;
    },
  };
  try {
    await use(home);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a refusal that another start would only repeat is not tried again, and stopping waits for longer than the drain', () => {
  const text = unitText(options);
  assert.match(text, /^RestartPreventExitStatus=78$/m);
  assert.match(text, /^Restart=on-failure$/m);
  assert.match(text, /^StartLimitBurst=\d+$/m);
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) * 1000 > options.drainTimeoutMs);
  assert.match(text, /^ExecStart=\/opt\/openclaw\/openclaw gateway run$/m);
  assert.match(text, /^EnvironmentFile=-\/home\/anna\/\.config\/openclaw\/gateway\.env$/m);
});

test('systemd finds no fault with the unit, whatever the paths are', (t) => {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
  } catch {
    t.skip('no systemd-analyze here');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-unit-'));
  try {
    for (const stateDirectory of ['/home/anna/.openclaw', '/srv/a b/$HOME %h "x"\\y']) {
      const file = join(folder, unitName);
      writeFileSync(file, unitText({ ...options, program: [process.execPath, '/opt/with space/openclaw.js'], stateDirectory }));
      const { stderr } = run('systemd-analyze', ['verify', '--man=no', file]);
      assert.doesNotMatch(stderr, new RegExp(`${unitName}:`), stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function run(program: string, words: readonly string[]): { readonly stderr: string } {
  return { stderr: spawnSync(program, words, { encoding: 'utf8' }).stderr };
}

test('--print shows the unit and changes nothing, also where there is no systemd', async () => {
  await inHome(async (home) => {
    home.code = undefined;
    assert.equal(await home.run(['install', '--print']), unitText({ ...options, environmentFile: home.environmentFile }));
    assert.deepEqual([home.asked, existsSync(home.unitFile)], [[], false]);
  });
});

test('install writes, enables and starts; again it changes nothing and restarts nothing; with other settings it does', async () => {
  await inHome(async (home) => {
    assert.match(await home.run(['install']), /^openclaw-gateway\.service installed: /);
    assert.deepEqual(home.asked, ['show-environment', 'daemon-reload', `enable ${unitName}`, `restart ${unitName}`]);
    assert.equal(statSync(home.environmentFile).mode & 0o777, 0o600);
    writeFileSync(home.environmentFile, 'OPENAI_API_KEY=mine\n');
    home.asked.length = 0;
    assert.match(await home.run(['install']), / unchanged: /);
    assert.equal(home.asked.at(-1), `start ${unitName}`);
    assert.deepEqual(
      (JSON.parse(await home.run(['install', '--no-start', '-o', 'json'], { drainTimeoutMs: 60_000 })) as { change: string }).change,
      'changed',
    );
    assert.equal(home.asked.at(-1), `enable ${unitName}`);
    assert.match(readFileSync(home.unitFile, 'utf8'), /TimeoutStopSec=72/);
    assert.equal(readFileSync(home.environmentFile, 'utf8'), 'OPENAI_API_KEY=mine\n');
  });
});

test('where systemd is absent or does not answer, install says so and writes nothing', async () => {
  await inHome(async (home) => {
    for (const [code, words] of [
      [undefined, /has no systemd/],
      [1, /does not answer for this user/],
    ] as const) {
      home.code = code;
      await assert.rejects(home.run(['install']), { code: 'service_unavailable', message: words, hint: /--print/ });
    }
    assert.ok(!existsSync(home.unitFile) && !existsSync(home.environmentFile));
  });
});

test('a unit that this program did not write is neither replaced nor removed', async () => {
  await inHome(async (home) => {
    mkdirSync(dirname(home.unitFile), { recursive: true });
    writeFileSync(home.unitFile, '[Service]\nExecStart=/theirs\n');
    for (const command of ['install', 'uninstall'])
      await assert.rejects(home.run([command]), { code: 'service_unavailable', message: /was not written by this command/ });
    assert.equal(readFileSync(home.unitFile, 'utf8'), '[Service]\nExecStart=/theirs\n');
    assert.deepEqual(home.asked, []);
  });
});

test('uninstall stops it and takes the unit away, leaves variables and state, and is no failure the second time', async () => {
  await inHome(async (home) => {
    await home.run(['install']);
    assert.match(await home.run(['uninstall']), /is gone; the state directory stays/);
    assert.ok(!existsSync(home.unitFile) && existsSync(home.environmentFile));
    assert.deepEqual(home.asked.slice(-2), [`disable --now ${unitName}`, 'daemon-reload']);
    assert.match(await home.run(['uninstall']), /is not installed/);
  });
});

test('a step that systemd refuses is an error with that step, so that no restart fails in silence', async () => {
  await inHome(async (home) => {
    let asked = 0;
    Object.defineProperty(home, 'code', { get: () => ((asked += 1) > 6 ? 5 : 0) });
    await assert.rejects(home.run(['install']), {
      code: 'service_unavailable',
      message: /`systemctl --user restart openclaw-gateway\.service` ended with 5/,
    });
    assert.ok(readFileSync(home.unitFile, 'utf8').startsWith(unitMark));
  });
});

test('the state of the service: none, what systemd says, or that it does not answer', async () => {
  await inHome(async (home) => {
    const state = (stdout: string | undefined) =>
      readServiceState({
        unitFile: home.unitFile,
        systemctl: () => Promise.resolve(stdout === undefined ? undefined : { stdout, code: 0 }),
      });
    assert.match((await state('active\n')).description, /^not installed/);
    await home.run(['install']);
    assert.deepEqual([(await state('active\n')).active, (await state(undefined)).active], ['active', null]);
    assert.match((await state(undefined)).description, /systemd does not answer/);
  });
});
