import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { OutputQuery, WorkloadLine } from '../insight.ts';
import { openWorkloads, type TestWorkloads } from '../workloads.fixture.ts';

const name = { namespace: 'default', name: 'shop' };

async function twoInstances(workloads: TestWorkloads) {
  const { part } = await workloads.start();
  await workloads.apply('shop', { replicas: 2 });
  await workloads.until(() => workloads.living('shop').length === 2);
  const units = workloads.living('shop');
  const say = (which: number, text: string): void => {
    workloads.objects.clock.advance(1);
    units[which]!.lines.push({ atMs: workloads.objects.clock.now(), stream: 'stdout', text });
  };
  const read = async (query: Partial<OutputQuery> = {}): Promise<string[]> => {
    const lines: string[] = [];
    const whole = { follow: false, previous: false, signal: new AbortController().signal, ...query };
    for await (const { text } of part.insight.output(name, whole)) lines.push(text);
    return lines;
  };
  return { part, units, say, read };
}

test('lines of all instances come in the order of time, the last so many, or of one of them', async () => {
  await using workloads = await openWorkloads();
  const { say, read, units } = await twoInstances(workloads);
  for (const [which, text] of [
    [0, 'a'],
    [1, 'b'],
    [1, 'c'],
    [0, 'd'],
  ] as const)
    say(which, text);
  assert.deepEqual(await read(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(await read({ tailLines: 3 }), ['b', 'c', 'd']);
  assert.deepEqual(await read({ tailLines: 0 }), []);
  assert.deepEqual(await read({ instance: units[1]!.plan.id.instance }), ['b', 'c']);
});

test('what the one before said is asked for with previous, and while one waits the last words are there', async () => {
  await using workloads = await openWorkloads();
  const { say, read, units } = await twoInstances(workloads);
  const { instance } = units[0]!.plan.id;
  say(0, 'last words');
  workloads.host.end(units[0]!, { exitCode: 1 });
  await workloads.until(async () => (await workloads.get('shop'))?.status?.restarts === 1);
  assert.deepEqual(await read({ instance }), ['last words']);
  await workloads.pass(10_000);
  await workloads.until(() => workloads.living('shop').length === 2);
  assert.deepEqual(await read({ instance }), []);
  assert.deepEqual(await read({ instance, previous: true }), ['last words']);
});

test('an instance that is gone can be read by its name while its output is kept', async () => {
  await using workloads = await openWorkloads();
  const { say, read, units } = await twoInstances(workloads);
  say(0, 'once');
  say(1, 'once');
  await workloads.apply('shop', { replicas: 1 });
  await workloads.until(() => workloads.living('shop').length === 1);
  const gone = units.find(({ state }) => state.ended !== undefined)!;
  assert.deepEqual(await read({ instance: gone.plan.id.instance }), ['once']);
  assert.equal((await read()).length, 1);
});

test('followed, what the runtime says comes too, and it ends with its reader', async () => {
  await using workloads = await openWorkloads();
  const { part, units, say } = await twoInstances(workloads);
  say(0, 'before');
  const end = new AbortController();
  const heard: WorkloadLine[] = [];
  const reading = (async () => {
    for await (const line of part.insight.output(name, { follow: true, previous: false, signal: end.signal })) heard.push(line);
  })();
  const until = async (text: RegExp): Promise<void> => {
    for (let round = 0; round < 500 && !heard.some((line) => text.test(line.text)); round += 1) {
      workloads.objects.clock.advance(100);
      await turn();
    }
    assert.ok(
      heard.some((line) => text.test(line.text)),
      String(text),
    );
  };
  await until(/before/);
  workloads.host.exceed(units[0]!);
  await until(/clw-memory-oom/);
  assert.equal(heard.find(({ text }) => /clw-memory-oom:/.test(text))?.stream, 'runtime');
  end.abort();
  workloads.objects.clock.advance(100);
  await reading;
});
