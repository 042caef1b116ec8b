import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { registerLogsCommands, type Tail, type TailQuestion } from './logs.ts';

const line = (level: string, message: string): string => JSON.stringify({ time: '2026-01-01T00:00:00.000Z', level, message, port: 1 });

/** @param looks what is there at each look; after the last one whoever follows is told to stop */
function setup(looks: readonly (Tail | OpenClawError)[]) {
  const questions: TailQuestion[] = [];
  const stop = new AbortController();
  let levels = '';
  return {
    questions,
    levels: () => levels,
    async run(...words: string[]) {
      let stdout = '';
      let stderr = '';
      const program = new Command('openclaw').exitOverride().configureOutput({ writeErr: () => {} });
      registerLogsCommands(program, {
        io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: {} },
        useLog: (_flags, use) =>
          use((question) => {
            questions.push(question);
            const look = looks[questions.length - 1];
            if (look instanceof OpenClawError) throw look;
            return look ? Promise.resolve(look) : Promise.reject(new Error('looked once too often'));
          }),
        wait: () => Promise.resolve(questions.length >= looks.length ? stop.abort() : undefined),
        stopped: stop.signal,
        setLevel: (level) => Promise.resolve(void (levels += level)),
        async *between({ sinceMs, untilMs }) {
          const lines = await Promise.resolve([sinceMs, untilMs].map((atMs) => line('warn', String(atMs))));
          yield* lines;
        },
      });
      for (const command of program.commands) command.exitOverride();
      await program.parseAsync(['logs', ...words], { from: 'user' });
      return { stdout, stderr };
    },
  };
}

test('the end of the log as on a terminal, a line each; what is no line of ours cannot move the cursor', async () => {
  const { run, questions } = setup([{ cursor: 9, lines: [line('info', 'ready'), 'plain\u001B[2J'] }]);
  const { stdout } = await run('-n', '2');
  assert.match(stdout, /^\d\d:\d\d:\d\d\.000 INFO {2}ready port=1\nplain\?\[2J\n$/);
  assert.deepEqual(questions, [{ limit: 2 }]);
});

test('as JSON the lines come as they are in the file', async () => {
  const { stdout } = await setup([{ cursor: 9, lines: [line('info', 'ready')] }]).run('-o', 'json');
  assert.equal(stdout, `${line('info', 'ready')}\n`);
});

test('of lines below the level none takes the place of one above it', async () => {
  const lines = [line('error', 'one'), line('warn', 'two'), ...Array.from({ length: 50 }, () => line('debug', 'noise')), 'no line'];
  const { run, questions } = setup([{ cursor: 9, lines }]);
  const { stdout } = await run('--level', 'warn', '--limit', '5', '-o', 'json');
  assert.equal(stdout, `${line('error', 'one')}\n${line('warn', 'two')}\n`);
  assert.deepEqual(questions, [{ limit: 5000 }]);
});

test('--follow goes on where it was, says when the log was replaced, and shows no line twice', async () => {
  const { run, questions } = setup([
    { cursor: 10, lines: [line('info', 'a')] },
    { cursor: 20, lines: [line('info', 'b')] },
    { cursor: 5, lines: [line('info', 'c')], reset: true },
  ]);
  const { stdout, stderr } = await run('--follow', '-o', 'json');
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((text) => (JSON.parse(text) as { message: string }).message),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    questions.map(({ cursor }) => cursor),
    [undefined, 10, 20],
  );
  assert.match(stderr, /replaced/);
});

test('a gateway that restarts is no end for who follows, and is one for who does not', async () => {
  const gone = new OpenClawError('gateway_unreachable', { details: { url: 'u', reason: 'service restart' } });
  const { run, questions } = setup([{ cursor: 10, lines: [] }, gone, { cursor: 20, lines: [line('info', 'back')] }]);
  const { stdout, stderr } = await run('--follow', '-o', 'json');
  assert.match(stdout, /back/);
  assert.match(stderr, /service restart\. Going on with the log/);
  assert.deepEqual(
    questions.map(({ cursor }) => cursor),
    [undefined, 10, 10],
  );
  await assert.rejects(setup([gone]).run('--follow'), { code: 'gateway_unreachable' });
  const refused = new OpenClawError('control_refused', { details: { url: 'u', code: 'c', reason: 'r', suggestion: 's' } });
  await assert.rejects(setup([{ cursor: 1, lines: [] }, refused]).run('--follow'), { code: 'control_refused' });
});

test('level sets the level and prints it; a number of lines that cannot be is refused', async () => {
  const { run, levels } = setup([]);
  assert.equal((await run('level', 'debug')).stdout, 'debug\n');
  assert.equal(levels(), 'debug');
  for (const limit of ['0', '-1', '1.5', '5001', 'x']) await assert.rejects(run(`--limit=${limit}`), { code: 'commander.invalidArgument' });
});

test('--since shows everything from then to then, of the level that is asked for', async () => {
  const { run, questions } = setup([]);
  const { stdout } = await run('--since', '2026-10-01', '--until', '2026-10-02T12:00:00Z', '-o', 'json');
  const [since, until] = [Date.parse('2026-10-01'), Date.parse('2026-10-02T12:00:00Z')];
  assert.equal(stdout, `${line('warn', String(since))}\n${line('warn', String(until))}\n`);
  assert.equal((await run('--since', '2026-10-01', '--level', 'error', '-o', 'json')).stdout, '');
  assert.deepEqual(questions, [], 'no gateway is asked');
  await assert.rejects(run('--since', '2026-10-01', '--follow'), { code: 'usage_error' });
  await assert.rejects(run('--since', 'yesterday'), { code: 'commander.invalidArgument' });
});
