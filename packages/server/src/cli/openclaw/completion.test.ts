import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { registerEverything } from './commands.ts';
import { registerCompletionCommand } from '../completion.ts';
import { shells, type Shell } from '../completion-scripts.ts';
import { everyCommand, readCommand } from '../completion-words.ts';

const silent = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };

async function everything(): Promise<Command> {
  const program = new Command('openclaw').version('1', '-V, --version');
  await registerEverything({ program, terminal: silent, setExitCode: () => {} });
  return program;
}

async function script(shell: Shell): Promise<string> {
  let text = '';
  const program = new Command('openclaw').exitOverride();
  registerCompletionCommand(program, { io: { ...silent, stdout: { write: (piece) => (text += piece) } }, everything });
  await program.parseAsync(['completion', shell], { from: 'user' });
  return text;
}

/** What bash offers after these words, of which the last is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const line = `${await script('bash')}
COMP_WORDS=(openclaw ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _openclaw; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', line], { encoding: 'utf8' }).trim().split('\n');
}

test('bash completes commands, their commands, options, and the values of options', async () => {
  assert.ok((await offered('')).includes('gateway'));
  assert.deepEqual(await offered('gat'), ['gateway']);
  assert.deepEqual(await offered('gateway', 'sto'), ['stop']);
  assert.deepEqual(await offered('gateway', 'run', '--bi'), ['--bind']);
  assert.deepEqual(await offered('gateway', 'run', '--bind', ''), ['loopback', 'lan', 'custom']);
  assert.deepEqual(await offered('logs', 'level', 'deb'), ['debug']);
  assert.deepEqual(await offered('completion', 'f'), ['fish']);
});

test('the value of an option is no command, and after it the command goes on', async () => {
  assert.deepEqual(await offered('gateway', 'health', '--url', ''), ['']);
  assert.deepEqual(await offered('gateway', 'health', '--url', 'stop', '--tok'), ['--token']);
  assert.deepEqual(await offered('gateway', 'nonsense', 'sto'), ['stop']);
});

test('every command and every option is in the script of every shell', async () => {
  const commands = everyCommand(readCommand(await everything()));
  for (const shell of shells) {
    const text = await script(shell);
    for (const { path, options } of commands) {
      assert.ok(text.includes(`'${path}'`) || text.includes(`"${path}"`), `${shell}: ${path}`);
      for (const name of options.flatMap(({ names }) => names))
        assert.ok(text.includes(shell === 'fish' ? name.replace(/^-+/, '') : name), `${shell}: ${path} ${name}`);
    }
  }
});

test('each shell that is here finds no fault with its script', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-completion-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const found = [];
  for (const shell of shells) {
    try {
      execFileSync(shell, ['--version'], { stdio: 'ignore' });
    } catch {
      continue;
    }
    found.push(shell);
    const file = join(folder, shell);
    writeFileSync(file, await script(shell));
    execFileSync(shell, ['-n', file]);
  }
  t.diagnostic(`tried: ${found.join(', ')}`);
  assert.ok(found.includes('bash'));
});

test('fish completes as bash does, where it is there', async (t) => {
  try {
    execFileSync('fish', ['--version'], { stdio: 'ignore' });
  } catch {
    t.skip('no fish here');
    return;
  }
  const lines = [
    'openclaw gateway sto',
    'openclaw gateway run --bind l',
    'openclaw gateway health --url stop --tok',
    'openclaw logs level deb',
  ];
  const text = `${await script('fish')}\n${lines.map((line) => `complete -C '${line}'`).join('\n')}`;
  const words = execFileSync('fish', ['--no-config', '-c', text], { encoding: 'utf8' }).trim().split('\n');
  assert.deepEqual(
    words.map((line) => line.split('\t')[0]),
    ['stop', 'lan', 'loopback', '--token', 'debug'],
  );
});
