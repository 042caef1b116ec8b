import assert from 'node:assert/strict';
import { test } from 'node:test';
import { version } from '../../version.ts';
import { commands, main } from './main.ts';

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const terminal = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
  };
  return { code: await main(argv, terminal), ...written };
}

test('every command says that workloads are not part of this release, and fails', async () => {
  for (const command of Object.keys(commands)) {
    const { code, stdout, stderr } = await run(command, 'workload', 'shop', '-o', 'yaml');
    assert.equal(code, 69);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^clw: clw ${command} is not part of this release`));
  }
});

test('help lists every command and succeeds, with and without asking for it', async () => {
  for (const argv of [[], ['--help'], ['-h'], ['help'], ['apply', '--help']]) {
    const { code, stdout } = await run(...argv);
    assert.equal(code, 0);
    for (const command of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  }
});

test('the version is that of the package', async () => {
  assert.deepEqual(await run('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('a word that is no command is an error of usage', async () => {
  const { code, stderr } = await run('aply');
  assert.equal(code, 2);
  assert.match(stderr, /There is no command aply/);
  assert.equal((await run('--verbose')).code, 2);
  assert.equal((await run('toString')).code, 2);
});
