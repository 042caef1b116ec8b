/** Runs the examples of `docs/rehearsal.md` and compares what comes of them with what the page says. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Clock } from '../../core/clock.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createRehearsal } from './index.ts';
import { isScript, parseScript } from './script.ts';

const page = await readFile(new URL('../../../../../docs/rehearsal.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```script\n(.*?)```\s+```outcome\n(.*?)```/gs)].map(([, script = '', outcome = '']) => ({
  script,
  outcome,
}));

interface Chunk {
  readonly choices?: {
    delta: { content?: string; tool_calls?: { function: { name: string; arguments: string } }[] };
    finish_reason: string | null;
  }[];
  readonly error?: { message: string };
}

/** One line for what one try yields, in the page's words, and whether the turn is over. */
async function tryOnce(messages: readonly object[], upstream: ReturnType<typeof createRehearsal>) {
  const body = Buffer.from(JSON.stringify({ model: 'rehearsal', stream: true, messages }));
  const timeouts = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 };
  const options = { signal: new AbortController().signal, requestId: `turn ${messages.length}`, provider: 'openclaw', timeouts };
  const response = await upstream.send({ method: 'POST', origin: 'rehearsal:', path: '/chat/completions', headers: {}, body }, options);
  let text = '';
  let brokeOff = false;
  try {
    for await (const chunk of response.body) text += chunk.toString('utf8');
  } catch {
    brokeOff = true;
  }
  if (response.status !== 200) {
    const { error } = JSON.parse(text) as { error: { message: string } };
    const retryAfter = response.headers['retry-after'];
    return { line: `fails with ${response.status}${retryAfter ? `, retry after ${retryAfter} s` : ''}: ${error.message}`, over: false };
  }
  return describe(text, brokeOff);
}

function describe(text: string, brokeOff: boolean): { line: string; over: boolean } {
  const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Chunk);
  const said = chunks.map((chunk) => chunk.choices?.[0]?.delta.content ?? '').join('');
  const calls = chunks.flatMap((chunk) => chunk.choices?.[0]?.delta.tool_calls ?? []);
  const reason = chunks.map((chunk) => chunk.choices?.[0]?.finish_reason).find((word) => word);
  const error = chunks.find((chunk) => chunk.error)?.error;
  const parts = [
    ...(said === '' ? [] : [`says ${JSON.stringify(said)}`]),
    ...calls.map((call) => `calls ${call.function.name} ${call.function.arguments}`),
    ...(reason ? [`ends with ${reason}`] : []),
    ...(error ? [`fails: ${error.message}`] : []),
    ...(brokeOff ? ['breaks off'] : []),
  ];
  return { line: parts.join(', '), over: reason !== undefined && reason !== null };
}

/** Waits are over at once: the page says what happens, not how long it takes. */
function createImpatientClock(): Clock {
  const clock = createFakeClock();
  return {
    ...clock,
    after(delayMs, action) {
      const timer = clock.after(delayMs, action);
      queueMicrotask(() => clock.advance(delayMs));
      return timer;
    },
  };
}

test('the page has examples', () => {
  assert.equal(examples.length, 5);
});

for (const { script, outcome } of examples) {
  test(`the example that begins with «${script.split('\n')[0]}» does what the page says`, async () => {
    const upstream = createRehearsal({ clock: createImpatientClock() });
    const expected = outcome.trimEnd().split('\n');
    const messages: object[] = [{ role: 'user', content: script }];
    const lines: string[] = [];
    while (lines.length < expected.length) {
      const { line, over } = await tryOnce(messages, upstream);
      lines.push(line);
      if (over) messages.push({ role: 'assistant', content: line });
    }
    assert.deepEqual(lines, expected);
  });
}

test('every step of the table is a script that parses', () => {
  const steps = [...page.matchAll(/^\| `(.+?)` \|/gm)].map(([, step = '']) => step.replace('{json}', '{}'));
  assert.equal(steps.length, 8);
  for (const step of steps.filter((line) => !line.startsWith('#'))) {
    assert.ok(isScript(step), step);
    assert.ok('turns' in parseScript(step), step);
  }
});
