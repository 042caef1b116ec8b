import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Command } from 'commander';

import { commands, registerEverything } from './commands.ts';
import { commandGroups, commandsInOrder, helpExamples } from './help.ts';
import { main } from './main.ts';

async function help(): Promise<string> {
  let out = '';
  const terminal = { stdout: { write: (text: string) => (out += text) }, stderr: { write: () => true }, env: {} };
  assert.equal(await main(['--help'], terminal), 0);
  return out;
}

test('every command is in one group, once', () => {
  assert.deepEqual(commandsInOrder.toSorted(), Object.keys(commands).toSorted());
});

test('--help shows the groups in order, each command below its heading, and nothing beside them', async () => {
  const sections = (await help()).split('\n\n').slice(1);
  const headings = sections.map((section) => section.split('\n')[0] ?? '');
  const expected = Object.keys(commandGroups);
  assert.deepEqual(
    headings.filter((heading) => /^[A-Z].*:$/.test(heading)),
    ['Options:', ...expected, 'Examples:'],
  );
  for (const [heading, names] of Object.entries<readonly string[]>(commandGroups)) {
    const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
    const shown = [...section.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name).filter((name) => name !== 'help');
    assert.deepEqual(shown, names);
  }
});

test('the examples name commands that there are, with flags that they take', async () => {
  assert.ok((await help()).includes(helpExamples.trim()));
  const program = new Command('openclaw');
  const silent = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };
  await registerEverything({ program, terminal: silent, setExitCode: () => {} });
  const lines = [...helpExamples.matchAll(/^ {2}openclaw (.+)$/gm)].map(([, words = '']) => words);
  assert.ok(lines.length >= 6);
  for (const line of lines) {
    const words =
      line
        .split(/ {2,}|"[^"]*"/)[0]
        ?.trim()
        .split(' ') ?? [];
    let command = program;
    for (const word of words) command = command.commands.find((child) => child.name() === word) ?? command;
    assert.notEqual(command, program, line);
    for (const flag of words.filter((word) => word.startsWith('--'))) {
      assert.ok(
        command.options.some(({ long }) => long === flag),
        `${line}: ${flag}`,
      );
    }
  }
});
