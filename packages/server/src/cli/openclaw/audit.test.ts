import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import type { AuditEntry } from '@openclaw/protocol';
import { type AuditQuestion, registerAuditCommand } from './audit.ts';

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly questions: readonly AuditQuestion[];
}

async function run(line: string, entries: readonly AuditEntry[] = []): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const questions: AuditQuestion[] = [];
  const io = { stdout: { write: (text: string) => void (stdout += text) }, stderr: { write: (text: string) => void (stderr += text) } };
  const program = new Command('openclaw').exitOverride().configureOutput({ writeOut: io.stdout.write, writeErr: io.stderr.write });
  const list = async (question: AuditQuestion): Promise<readonly AuditEntry[]> => {
    questions.push(question);
    return entries;
  };
  registerAuditCommand(program, { io, audit: { list } });
  await program.parseAsync(line.split(' '), { from: 'user' });
  return { stdout, stderr, questions };
}

const entries: readonly AuditEntry[] = [
  {
    position: 12,
    at: '2026-01-01T10:00:00.000Z',
    actor: 'gateway-token',
    action: 'key.created',
    subject: 'key_1',
    detail: { name: 'ci', rpm: 60 },
  },
  { position: 9, at: '2026-01-01T09:00:00.000Z', actor: 'cli', action: 'device.removed', subject: 'd\u001b[31m', detail: {} },
];

test('each change is a line: when, who, what, to what, and what of it', async () => {
  const { stdout, stderr } = await run('audit', entries);
  assert.equal(stderr, '');
  assert.deepEqual(
    stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | ')),
    [
      'POSITION | TIME | ACTOR | ACTION | SUBJECT | DETAIL',
      '12 | 2026-01-01 10:00:00 | gateway-token | key.created | key_1 | name=ci, rpm=60',
      '9 | 2026-01-01 09:00:00 | cli | device.removed | d?[31m',
      '',
    ],
  );
});

test('what is asked for is passed on, and printed for programs as it came', async () => {
  const { stdout, questions } = await run('audit --limit 5 --before 12 --action key. -o json', entries);
  assert.deepEqual(questions, [{ limit: 5, before: 12, actionPrefix: 'key.' }]);
  assert.deepEqual(JSON.parse(stdout), { entries });
  assert.deepEqual((await run('audit')).questions, [{ limit: 50 }]);
});

test('an empty log is said to be empty, apart from one in which nothing fits', async () => {
  assert.equal((await run('audit')).stderr, 'Nothing has been changed yet.\n');
  assert.equal((await run('audit --action secret.')).stderr, 'No action begins with "secret.".\n');
  assert.deepEqual(JSON.parse((await run('audit -o json')).stdout), { entries: [] });
});

test('a limit or a position that is none is refused before anything is asked', async () => {
  for (const flags of ['--limit 0', '--limit 1001', '--limit x', '--limit 1e2', '--before 0', '--before -1']) {
    await assert.rejects(run(`audit ${flags}`), { code: 'commander.invalidArgument' });
  }
});
