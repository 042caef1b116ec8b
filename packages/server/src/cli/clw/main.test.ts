import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { version } from '../../version.ts';
import { startApi } from './api.fixture.ts';
import { commands, helpExamples } from './commands.ts';
import { main } from './main.ts';

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const terminal = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { HOME: '/nowhere' },
  };
  return { code: await main(argv, { terminal }), ...written };
}

const later = ['test', 'alert', 'monitor', 'dashboard'];

test('the commands of a later release say that they are not part of this one, and fail', async () => {
  for (const command of later) {
    for (const words of [[], ['workload', 'shop', '--rps', '1000'], ['create', '--workload', 'shop', '-n', 'production']]) {
      const { code, stdout, stderr } = await run(command, ...words);
      assert.equal(code, 69, command);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(`^clw: clw ${command} is not part of this release`));
    }
  }
});

test('help lists every command and succeeds, with and without asking for it', async () => {
  for (const argv of [[], ['--help'], ['-h'], ['help']]) {
    const { code, stdout } = await run(...argv);
    assert.equal(code, 0);
    for (const command of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    assert.ok(stdout.includes(helpExamples.trim()));
  }
});

test('every command shows examples of itself', async () => {
  const groups: Record<string, string[]> = {
    rollout: ['status', 'history', 'undo', 'restart'],
    debug: ['workload', 'export'],
    analyze: ['workload', 'memory-trace'],
    config: ['get-contexts', 'use-context', 'set-context', 'current-context', 'view', 'delete-context'],
  };
  for (const command of Object.keys(commands).filter((name) => !later.includes(name))) {
    for (const child of groups[command] ?? [undefined]) {
      const words = [command, ...(child === undefined ? [] : [child])];
      const { code, stdout } = await run(...words, '--help');
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`Examples:\\n[^]*(clw|source <\\(clw) ${words.join(' ')}`), words.join(' '));
    }
  }
});

test('the version is that of the package', async () => {
  assert.deepEqual(await run('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
  assert.deepEqual(await run('version', '--client'), { code: 0, stdout: `client ${version}\n`, stderr: '' });
});

test('the version of the gateway is shown too, and its absence is said and fails', async (t) => {
  const api = await startApi(t);
  assert.deepEqual(await api.run('version'), { code: 0, stdout: `client ${version}\nserver v0.1.0-openclaw\n`, stderr: '' });
  const { code, stdout, stderr } = await api.run('version', { bare: true });
  assert.equal(code, 1);
  assert.equal(stdout, `client ${version}\n`);
  assert.match(stderr, /no gateway runs on .*state\.\n.*openclaw gateway run/);
});

test('a word that is no command is an error of usage, and the nearest one is named', async () => {
  const { code, stderr } = await run('aply');
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'aply'\n\(Did you mean apply\?\)/);
  assert.equal((await run('--verbose')).code, 2);
  assert.equal((await run('toString')).code, 2);
  assert.equal((await run('get')).code, 2);
});

test('flags of every command may stand before it', async (t) => {
  const api = await startApi(t);
  api.add('workloads', { kind: 'Workload', metadata: { name: 'shop', namespace: 'production' } });
  const { stdout } = await api.run('-n production get workload shop -o name');
  assert.equal(stdout, 'workload.openclaw.io/shop\n');
});

test('the completion for bash knows the commands, their commands and the values of options', async () => {
  const { stdout } = await run('completion', 'bash');
  const offered = (...words: string[]): string[] =>
    execFileSync(
      'bash',
      [
        '--norc',
        '-c',
        `${stdout}\nCOMP_WORDS=(clw ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _clw; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    )
      .trim()
      .split('\n');
  assert.deepEqual(offered('app'), ['apply']);
  assert.deepEqual(offered('rollout', 'un'), ['undo']);
  assert.deepEqual(offered('debug', 'workload', '--show'), ['--show-vmmap']);
  assert.ok(!stdout.includes('openclaw'));
  assert.match((await run('completion', 'fish')).stdout, /complete -c clw .*__clw_path/);
  assert.match((await run('completion', 'zsh')).stdout, /^#compdef clw\n/);
});
