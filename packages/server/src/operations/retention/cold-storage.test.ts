import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import type { RunEvent } from '@openclaw/protocol';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createDirectoryPlace } from '../backup/directory-place.ts';
import { createColdStorage } from './cold-storage.ts';
import { aboutLog, closedLogFiles, keepLogsCold, logRule } from './log-files.ts';

function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-cold-test-'));
  const clock = createFakeClock();
  const place = createDirectoryPlace(join(directory, 'cold'), () => clock.now());
  const cold = createColdStorage(place, clock);
  return { directory, clock, place, cold, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

const eventsOf = (runId: string, count: number): RunEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ runId, seq: index + 1, atMs: index, kind: 'step.delta', step: 1, attempt: 1, offset: index },
    text: `Grüße\n~ ${runId} ${index}`,
  }));

async function* streamed(events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  for (const event of events) yield await Promise.resolve(event);
}

const line = (atMs: number, message: string): string =>
  `${JSON.stringify({ time: new Date(atMs).toISOString(), level: 'info', message })}\n`;

test('runs are found again by their id, whatever it is, in whichever file they lie', async () => {
  using setup = setUp();
  const { cold, clock, directory } = setup;
  const groups = [['run_1', 'run_9', 'of~a/program: Ä'], ['run_3'], ['x'.repeat(300), `${'x'.repeat(300)}2`]];
  for (const ids of groups) {
    await cold.keep(ids, streamed(ids.flatMap((id) => eventsOf(id, 3))));
    clock.advance(1);
  }
  for (const id of groups.flat()) assert.deepEqual(await createColdStorage(setup.place, clock).find(id), eventsOf(id, 3), id);
  assert.equal(await cold.find('run_2'), undefined);
  const [name = ''] = readdirSync(join(directory, 'cold')).sort();
  assert.equal(statSync(join(directory, 'cold', name)).mode & 0o777, 0o600);
  assert.equal(
    zstdDecompressSync(readFileSync(join(directory, 'cold', name)))
      .toString()
      .split('\n').length,
    10,
    'ordinary tools read it',
  );
});

test('a file that was changed is not believed', async () => {
  using setup = setUp();
  await setup.cold.keep(['run_1'], streamed(eventsOf('run_1', 50)));
  const [name = ''] = readdirSync(join(setup.directory, 'cold'));
  const path = join(setup.directory, 'cold', name);
  const bytes = readFileSync(path);
  bytes[bytes.length - 40]! ^= 1;
  writeFileSync(path, bytes);
  await assert.rejects(createColdStorage(setup.place, setup.clock).find('run_1'), { code: 'backup_damaged' });
});

test('what is read back as something else is no storage: it throws, and nothing of it stays', async () => {
  using setup = setUp();
  const forgetful = { ...setup.place, get: (name: string) => setup.place.get(name.replace(/./, 'x')) };
  await setup.cold.keep(['run_1'], streamed(eventsOf('run_1', 1)));
  const cold = createColdStorage(forgetful, setup.clock);
  await assert.rejects(cold.keep(['run_2'], streamed(eventsOf('run_2', 1))));
  assert.equal(await setup.cold.find('run_1').then((events) => events?.length), 1);
});

test('closed log files go there once each, are read by their time, and are given up here only when they are there', async () => {
  using setup = setUp();
  const { cold, directory, clock } = setup;
  const at = (day: number): number => clock.now() + day * 86_400_000;
  for (const [name, day] of [
    ['gateway.log.2', 1],
    ['gateway.log.1', 2],
    ['gateway.log', 3],
  ] as const) {
    writeFileSync(join(directory, name), `no line of ours\n${line(at(day), `first of ${day}`)}${line(at(day) + 1000, `last of ${day}`)}`);
    utimesSync(join(directory, name), at(day) / 1000, at(day) / 1000);
  }
  writeFileSync(join(directory, 'gateway.log.old'), 'of somebody else');
  const { signal } = new AbortController();
  assert.equal(await keepLogsCold(directory, cold, signal), 2);
  assert.equal(await keepLogsCold(directory, cold, signal), 0);
  const between = async (sinceMs: number, untilMs: number): Promise<number> => {
    let lines = 0;
    for await (const text of cold.logLines({ sinceMs, untilMs })) if (text.includes(' of ')) lines += 1;
    return lines;
  };
  assert.equal(await between(0, Number.MAX_SAFE_INTEGER), 6);
  assert.equal(await between(at(1) + 2000, at(3)), 3, 'the other file is not opened');
  const rule = logRule(directory, { keepMs: () => 1, cold: () => cold });
  assert.equal((await rule.stale(at(3))).items, 2);
  const broken = { ...cold, keepLog: () => Promise.reject(new Error('the bucket is gone')) };
  const brokenRule = logRule(directory, { keepMs: () => 1, cold: () => broken });
  await assert.rejects(brokenRule.giveUp!(at(3), { limit: 10, signal }), /the bucket is gone/);
  assert.equal((await closedLogFiles(directory)).length, 2);
  assert.equal((await rule.giveUp!(at(3), { limit: 10, signal })).items, 2);
  assert.deepEqual(readdirSync(directory).sort(), ['cold', 'gateway.log', 'gateway.log.old']);
  assert.equal(await aboutLog(join(directory, 'gateway.log.old'), 16), undefined);
});

test('files are given up by the time of what is in them', async () => {
  using setup = setUp();
  await setup.cold.keep(['run_1'], streamed(eventsOf('run_1', 1)));
  setup.clock.advance(1000);
  await setup.cold.keep(['run_2'], streamed(eventsOf('run_2', 1)));
  assert.equal((await setup.cold.stale(setup.clock.now())).items, 1);
  assert.equal((await setup.cold.giveUp(setup.clock.now(), 10)).items, 1);
  assert.equal(await setup.cold.find('run_1'), undefined);
  assert.equal((await setup.cold.find('run_2'))?.length, 1);
});
