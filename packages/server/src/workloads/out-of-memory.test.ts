/** What is told of workloads whose memory runs short: over a machine in memory, a real database and a clock that stands still. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPhase, mebibyte, openWorkloads } from './workloads.fixture.ts';

test('running out of memory is told as events, as lines in the published form, with the runs that were active, and as a metric', async () => {
  await using workloads = await openWorkloads();
  workloads.activeRuns = () => [{ runId: 'run_1', tool: 'http' }];
  const { metrics, part } = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  workloads.host.exceed(workloads.living('shop')[0]!);
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
  const events = await workloads.events('shop');
  for (const reason of ['clw-memory-oom', 'clw-resource-limit', 'clw-container-kill']) {
    const event = events.find((each) => each.reason === reason);
    assert.equal(event?.count, 1, reason);
    assert.match(event?.message ?? '', /Active runs: run_1 \(http\)/);
    assert.match(
      metrics.text(),
      new RegExp(`openclaw_workload_events_total\\{namespace="default",workload="shop",reason="${reason}"\\} 1`),
    );
  }
  const said: string[] = [];
  const query = { follow: false, previous: false, signal: new AbortController().signal };
  for await (const { text } of part.insight.output({ namespace: 'default', name: 'shop' }, query)) said.push(text);
  const expected = [
    /^\[ERROR\] clw-memory-oom: Container main exceeded memory limit$/,
    /^\[ERROR\] Current usage: 100Mi, Limit: 100Mi$/,
    /^\[ERROR\] Memory allocation request rejected$/,
    /^2026-01-01T00:00:00\.\d{3}Z ERROR \[runtime\] clw-memory-oom detected$/,
    /Z ERROR \[runtime\] Workload: shop$/,
    /Z ERROR \[runtime\] Memory stats: used=104857600 bytes, limit=104857600 bytes$/,
    /^\[ERROR\] clw-resource-limit: Resource limit exceeded$/,
    /^\[ERROR\] Resource: memory, Workload: shop$/,
    /^\[ERROR\] Limit: 100Mi, Usage: 100Mi$/,
    /Z INFO \[runtime\] Initiating graceful termination \(timeout: 30s\)$/,
    /Z INFO \[runtime\] Container terminated with signal SIGKILL$/,
    /^\[ERROR\] clw-container-kill: Container main was killed$/,
    /^\[ERROR\] Reason: OOMKilled \(Exit code 137\)$/,
    /^\[ERROR\] Signal: SIGKILL received$/,
  ];
  let from = 0;
  for (const form of expected) {
    const at = said.findIndex((text, index) => index >= from && form.test(text));
    assert.notEqual(at, -1, `${form} in order in\n${said.join('\n')}`);
    from = at + 1;
  }
});

test('what ran out of memory while no gateway was there is told by the next one, once', async () => {
  await using workloads = await openWorkloads();
  const first = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [unit] = workloads.living('shop');
  unit!.usageBytes = 50 * mebibyte;
  await workloads.pass(10_000);
  await first.stop();
  workloads.host.end(unit!, { exitCode: 137, signal: 'SIGKILL', outOfMemory: true });
  const second = await workloads.start();
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await workloads.events('shop')).filter(({ reason }) => reason.startsWith('clw-')).map(({ reason, count }) => [reason, count]),
    );
  const once = { 'clw-memory-oom': 1, 'clw-resource-limit': 1, 'clw-container-kill': 1 };
  await workloads.until(async () => Object.keys(await counts()).length === 3, 'its events');
  assert.deepEqual(await counts(), once);
  const { instances } = await second.part.insight.metrics({ namespace: 'default', name: 'shop' }, 3_600_000);
  assert.ok(
    instances[0]?.marks.some(({ kind }) => kind === 'oom'),
    'a mark in its readings',
  );
  await second.stop();
  await workloads.start();
  await workloads.pass(15_000);
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  assert.deepEqual(await counts(), once);
});

test('what ran out of memory comes before what was ended for it, also where it was noticed only after the end', async () => {
  await using workloads = await openWorkloads();
  const { part } = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [unit] = workloads.living('shop');
  await workloads.pass(5000);
  const endedAtMs = workloads.objects.clock.now() - 900;
  unit!.isStubborn = true;
  workloads.host.exceed(unit!, { survives: true });
  workloads.host.end(unit!, { atMs: endedAtMs, exitCode: 137, signal: 'SIGKILL', outOfMemory: true });
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
  const said: string[] = [];
  const query = { follow: false, previous: false, signal: new AbortController().signal };
  for await (const { text } of part.insight.output({ namespace: 'default', name: 'shop' }, query)) said.push(text);
  const [oom, kill] = ['clw-memory-oom: Container', 'clw-container-kill: Container'].map((words) =>
    said.findIndex((text) => text.includes(words)),
  );
  assert.ok(oom! >= 0 && kill! > oom!, said.join('\n'));
});

test('one that loses a process to the limit is ended as a whole, in good order', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const unit = workloads.living('shop')[0]!;
  workloads.host.exceed(unit, { survives: true });
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
  assert.deepEqual(unit.signals, ['SIGTERM']);
});

test('pressure begins at 85 %, is one event until it is over, and the program is told where that is wanted', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop', { softMemoryLimit: { percent: 85, signal: 'SIGUSR2', terminate: false } });
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const unit = workloads.living('shop')[0]!;
  const pressures = async () => (await workloads.events('shop')).find(({ reason }) => reason === 'clw-memory-pressure')?.count ?? 0;
  unit.usageBytes = 84 * mebibyte;
  await workloads.pass(5000);
  assert.equal(await pressures(), 0);
  for (const usage of [85, 90, 84, 86, 81]) {
    unit.usageBytes = usage * mebibyte;
    await workloads.pass(5000);
  }
  assert.equal(await pressures(), 1);
  assert.deepEqual(unit.signals, ['SIGUSR2']);
  unit.usageBytes = 50 * mebibyte;
  await workloads.pass(15_000);
  unit.usageBytes = 90 * mebibyte;
  await workloads.pass(5000);
  assert.equal(await pressures(), 2);
  assert.deepEqual(unit.signals, ['SIGUSR2', 'SIGUSR2']);
});

test('a program that lets go of nothing is ended in good order where the soft limit says so', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop', { softMemoryLimit: { percent: 85, signal: 'SIGUSR2', terminate: true } });
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const unit = workloads.living('shop')[0]!;
  unit.usageBytes = 90 * mebibyte;
  await workloads.pass(30_000);
  assert.deepEqual(unit.signals, ['SIGUSR2']);
  await workloads.pass(5000);
  assert.deepEqual(unit.signals, ['SIGUSR2', 'SIGTERM']);
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
});

const heapWords = [
  '<--- Last few GCs --->',
  '[7:0x1]     254 ms: Mark-Compact (reduce) 29.5 (31.0) -> 28.0 (31.0) MB, pooled: 0 MB, 26.70 / 0.00 ms last resort',
  'FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory',
].join('\n');

test('a program of Node at the limit of its own heap is out of memory by another name than the kernel gives, and with another remedy', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [unit] = workloads.living('shop');
  unit!.usageBytes = 60 * mebibyte;
  await workloads.pass(5000);
  workloads.host.end(unit!, { exitCode: 134, signal: 'SIGABRT', message: heapWords });
  await workloads.until(isPhase(workloads, 'shop', 'CrashLoopBackOff'));
  const { status } = (await workloads.get('shop'))!;
  assert.equal(status?.reason, 'HeapOutOfMemory');
  assert.match(
    status?.message ?? '',
    /^Out of memory: the JavaScript heap reached its own limit.*clw explain clw-heap-limit.*\n<--- Last few GCs/,
  );
  assert.equal(status?.instances[0]?.containers[0]?.lastState?.terminated?.reason, 'HeapOutOfMemory');
  await workloads.until(async () => (await workloads.events('shop')).some(({ reason }) => reason === 'clw-heap-limit'), 'its event');
  const events = await workloads.events('shop');
  const told = events.find(({ reason }) => reason === 'clw-heap-limit');
  assert.match(told?.message ?? '', /at 28Mi, not that of the container \(usage 60Mi, limit 100Mi\).*--max-old-space-size=75/);
  assert.ok(!events.some(({ reason }) => reason === 'clw-memory-oom' || reason === 'clw-container-kill'), 'the kernel killed nobody');
});

test('an abort for another reason, and words about a heap with another end, are errors as any', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop', { replicas: 2 });
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [one, other] = workloads.living('shop');
  workloads.host.end(one!, { exitCode: 134, signal: 'SIGABRT', message: 'Assertion failed' });
  workloads.host.end(other!, { exitCode: 1, message: heapWords });
  const reasons = async () =>
    (await workloads.get('shop'))?.status?.instances.map(({ containers }) => containers[0]?.lastState?.terminated?.reason);
  await workloads.until(async () => (await reasons())?.every((reason) => reason === 'Error'), 'both ends');
});
