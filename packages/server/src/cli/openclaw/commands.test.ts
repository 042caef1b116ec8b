import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from 'commander';
import { registerEverything } from './commands.ts';
import { type CompletedCommand, everyCommand, readCommand } from '../completion-words.ts';

const page = readFileSync(new URL('../../../../../docs/commands.md', import.meta.url), 'utf8');

async function registered(): Promise<CompletedCommand> {
  const program = new Command('openclaw');
  const silent = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };
  await registerEverything({ program, terminal: silent, setExitCode: () => {} });
  return readCommand(program);
}

/** First cells of tables, without the places for arguments, which stand in capitals or brackets. */
function documented(): string[] {
  const cells = [...page.matchAll(/^\| `(openclaw [^`]+)` \|/gm)].map(([, cell = '']) => cell);
  return cells.map((cell) =>
    cell
      .split(' ')
      .filter((word) => /^[a-z-]+$/.test(word))
      .join(' '),
  );
}

test('docs/commands.md has every command that does something, once, and no other', async () => {
  const all = everyCommand(await registered());
  const found = documented();
  assert.equal(new Set(found).size, found.length);
  const paths = new Set(all.map(({ path }) => path));
  assert.deepEqual(
    found.filter((path) => !paths.has(path)),
    [],
  );
  const leaves = all.filter(({ children }) => children.length === 0).map(({ path }) => path);
  assert.deepEqual(
    leaves.filter((path) => !found.includes(path)),
    [],
  );
});

test('every command says in its help what it does, and every option too', async () => {
  const silent = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };
  const program = new Command('openclaw');
  await registerEverything({ program, terminal: silent, setExitCode: () => {} });
  const visit = (command: Command, path: string): void => {
    assert.notEqual(command.description(), path === 'openclaw' ? undefined : '', path);
    for (const option of command.options) assert.notEqual(option.description, '', `${path} ${option.flags}`);
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  visit(program, 'openclaw');
});
