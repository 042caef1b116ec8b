/** What a container writes comes from outside: no line may keep the doctor busy for long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, fakeDocker } from '../docker/docker.fixture.ts';
import { collectContainer } from '../docker/collect.ts';
import { rules } from './index.ts';

const longestLine = 2000;
/** Words and signs of which patterns are made: repeated they are what patterns go back over again and again. */
const units = [
  'A_',
  '/x',
  ':1',
  '"',
  "'",
  '.',
  'config ',
  'error ',
  'connection ',
  'listening on ',
  'spawn ',
  'write ',
  'missing required ',
  'HOST is ',
  'rss 12MB ',
];
const lives = [9000, 5000];

/** With lines twice as long a pattern that is not careful takes four times as long, and one that is careless takes for ever. */
test('no rule needs more than a second for a log of long lines, of whatever they are made', async () => {
  const slow: string[] = [];
  for (const unit of units) {
    const text = unit.repeat(longestLine).slice(0, longestLine - 1);
    const lines = lives.flatMap((ms) => Array.from({ length: 20 }, (_, index) => [ms - 100 - index, text] as const));
    const events = lives.flatMap((ms) => [[ms, 'start'] as const, [ms - 2000, 'die', { exitCode: '1' }] as const]);
    const state = { Status: 'exited', Running: false, ExitCode: 1, StartedAt: ago(5000), FinishedAt: ago(3000) };
    const evidence = await collectContainer(fakeDocker({ state, events, lines }), { container: 'web' });
    for (const rule of rules) {
      const before = process.cpuUsage();
      rule.judge(evidence);
      const { user } = process.cpuUsage(before);
      if (user > 1_000_000) slow.push(`${rule.id}: ${Math.round(user / 1000)} ms for ${unit}`);
    }
  }
  assert.deepEqual(slow, []);
});
