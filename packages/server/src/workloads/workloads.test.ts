import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPhase, mebibyte, openWorkloads, plainSpec } from './workloads.fixture.ts';

test('a workload runs as many instances as it wants, and says so', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop', { replicas: 3 });
  await workloads.until(isPhase(workloads, 'shop', 'Running'), 'Running');
  const { status } = (await workloads.get('shop'))!;
  assert.equal(workloads.living('shop').length, 3);
  assert.equal(status?.readyReplicas, 3);
  assert.equal(status?.driver, 'process');
  assert.equal(status?.conditions.find(({ type }) => type === 'Available')?.status, 'True');
  assert.match(status?.instances[0]?.id ?? '', /^shop-[0-9a-f]{5}-[a-z0-9]{5}$/);
});

test('a gateway that is killed takes nothing with it, and the next one takes over what runs without starting anything', async () => {
  await using workloads = await openWorkloads();
  const first = await workloads.start();
  await workloads.apply('shop', { replicas: 2 });
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const before = workloads.living('shop');
  await first.stop();
  assert.deepEqual(workloads.living('shop'), before);
  await workloads.start();
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  assert.deepEqual(workloads.living('shop'), before);
  assert.deepEqual([...workloads.host.starts.values()], [1, 1]);
});

test('what ended while nobody watched is started again, and counts', async () => {
  await using workloads = await openWorkloads();
  const first = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  await first.stop();
  workloads.host.end(workloads.living('shop')[0]!, { exitCode: 1 });
  await workloads.start();
  await workloads.until(isPhase(workloads, 'shop', 'CrashLoopBackOff'));
  await workloads.pass(10_000);
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  assert.equal((await workloads.get('shop'))?.status?.restarts, 1);
});

test('back-off and attempts survive a restart of the gateway', async () => {
  await using workloads = await openWorkloads();
  let gateway = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  for (const seconds of [10, 20, 40]) {
    workloads.host.end(workloads.living('shop')[0]!, { exitCode: 1 });
    await workloads.until(isPhase(workloads, 'shop', 'CrashLoopBackOff'));
    await gateway.stop();
    gateway = await workloads.start();
    await workloads.pass((seconds - 1) * 1000);
    assert.equal(workloads.living('shop').length, 0, `not before ${seconds} s`);
    await workloads.pass(1000);
    await workloads.until(() => workloads.living('shop').length === 1);
  }
  assert.equal(workloads.living('shop')[0]?.plan.id.attempt, 3);
});

test('one that runs out of memory is OOMKilled, then in CrashLoopBackOff with that as its last state', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  workloads.host.exceed(workloads.living('shop')[0]!);
  await workloads.until(isPhase(workloads, 'shop', 'OOMKilled'));
  const terminated = (await workloads.get('shop'))?.status?.instances[0]?.containers[0]?.lastState?.terminated;
  assert.deepEqual([terminated?.reason, terminated?.exitCode, terminated?.signal], ['OOMKilled', 137, 'SIGKILL']);
  await workloads.pass(10_000);
  workloads.host.exceed(workloads.living('shop')[0]!);
  await workloads.until(isPhase(workloads, 'shop', 'CrashLoopBackOff'));
  const container = (await workloads.get('shop'))?.status?.instances[0]?.containers[0];
  assert.equal(container?.state.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(container?.lastState?.terminated?.reason, 'OOMKilled');
});

test('a change of the template replaces instances one by one, and a broken one leaves the old ones serving', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  const readinessProbe = { exec: { command: ['ready'] }, periodSeconds: 1 };
  const containers = [{ ...plainSpec.containers[0]!, readinessProbe }];
  await workloads.apply('shop', { replicas: 2, containers });
  await workloads.until(() => workloads.living('shop').length === 2);
  await workloads.pass(2000);
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [old] = workloads.living('shop');
  workloads.host.runExitCode = 1;
  // Those that are ready are asked again, and would fail too: the new one alone has to.
  await workloads.apply('shop', {
    replicas: 2,
    containers: [
      {
        ...containers[0]!,
        args: ['--broken'],
        readinessProbe: { exec: { command: ['never'] }, periodSeconds: 1000, initialDelaySeconds: 900 },
      },
    ],
  });
  await workloads.until(() => workloads.living('shop').length === 3);
  workloads.host.runExitCode = 0;
  await workloads.pass(5000);
  assert.ok(workloads.living('shop').includes(old!), 'the old one serves');
  const { status } = (await workloads.get('shop'))!;
  assert.ok((status?.readyReplicas ?? 0) >= 2);
  assert.equal(status?.conditions.find(({ type }) => type === 'Progressing')?.reason, 'RollingOut');
  // Undone: the spec of the first revision again.
  await workloads.apply('shop', { replicas: 2, containers });
  await workloads.until(() => workloads.living('shop').length === 2 && workloads.living('shop').includes(old!));
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  assert.equal((await workloads.get('shop'))?.status?.revision, 3);
});

test('an image that no command is mapped to waits as ImagePullBackOff with the reason, and runs once it is mapped', async () => {
  await using workloads = await openWorkloads();
  const { part } = await workloads.start();
  await workloads.apply('shop', { containers: [{ name: 'main', image: 'registry.example.com/shop:v1' }] });
  await workloads.until(isPhase(workloads, 'shop', 'ImagePullBackOff'));
  const { status } = (await workloads.get('shop'))!;
  assert.equal(status?.reason, 'ImageNotRunnable');
  assert.match(status?.message ?? '', /registry\.example\.com\/shop:v1.*workloads\.images/);
  workloads.settings = { ...workloads.settings, images: { 'registry.example.com/shop': ['node', 'shop.js'] } };
  part.reconfigure();
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  assert.deepEqual(workloads.living('shop')[0]?.plan.command, ['node', 'shop.js']);
});

test('who asks for more memory than there is stays Pending, with the figures', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('huge', { containers: [{ name: 'main', command: ['serve'], resources: { requests: { memory: '16Gi' } } }] });
  await workloads.until(isPhase(workloads, 'huge', 'Pending'));
  await workloads.until(async () => (await workloads.get('huge'))?.status?.reason === 'InsufficientMemory');
  assert.match((await workloads.get('huge'))?.status?.message ?? '', /16384Mi of memory, and this machine has 8192Mi/);
});

test('a deleted workload ends in good order, and nothing of it is left', async () => {
  await using workloads = await openWorkloads();
  await workloads.start();
  await workloads.apply('shop', { replicas: 2 });
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const [stubborn, willing] = workloads.living('shop');
  stubborn!.isStubborn = true;
  await workloads.objects.store.delete({ resource: 'workloads', namespace: 'default', name: 'shop' });
  await workloads.until(() => workloads.living('shop').length === 1);
  assert.deepEqual(willing!.signals, ['SIGTERM']);
  assert.ok((await workloads.get('shop')) !== undefined, 'the object waits for what runs');
  workloads.objects.clock.advance(30_000);
  await workloads.until(async () => (await workloads.get('shop')) === undefined, 'the end');
  assert.equal(workloads.host.units.size, 0);
  assert.deepEqual(await workloads.events('shop'), []);
  for (const table of ['ledgers', 'revisions', 'instances', 'samples', 'marks', 'lines']) {
    await workloads.until(
      async () => (await workloads.objects.database.read({ sql: `SELECT * FROM workload_${table} ORDER BY workload_uid` })).length === 0,
      table,
    );
  }
});

test('readings are kept over a restart of the gateway, with marks of what happened', async () => {
  await using workloads = await openWorkloads();
  const first = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  workloads.living('shop')[0]!.usageBytes = 10 * mebibyte;
  await workloads.pass(30_000);
  await first.stop();
  const { part } = await workloads.start();
  workloads.living('shop')[0]!.usageBytes = 20 * mebibyte;
  await workloads.pass(30_000);
  const { instances } = await part.insight.metrics({ namespace: 'default', name: 'shop' }, 3_600_000);
  const [instance] = instances;
  assert.equal(instance?.samples.length, 12);
  assert.equal(instance?.samples[0]?.usageBytes, 10 * mebibyte);
  assert.equal(instance?.latest?.usageBytes, 20 * mebibyte);
  assert.equal(instance?.limitBytes, 100 * mebibyte);
  assert.deepEqual(
    instance?.marks.map(({ kind }) => kind),
    ['deployment'],
  );
});

test('a recording takes a reading each second, is one at a time, and is a trace when it is over', async () => {
  await using workloads = await openWorkloads();
  const { part } = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const record = (name: string) =>
    workloads.objects.store.create({
      ...{ apiVersion: 'openclaw.io/v1', kind: 'MemoryTrace', metadata: {} },
      key: { resource: 'memorytraces', namespace: 'default', name },
      spec: { workload: 'shop', durationSeconds: 20, intervalSeconds: 1 },
    });
  const phaseOf = async (name: string) =>
    (
      (await workloads.objects.store.get({ resource: 'memorytraces', namespace: 'default', name }))?.status as
        | { phase?: string }
        | undefined
    )?.phase;
  await record('one');
  await workloads.until(async () => (await phaseOf('one')) === 'Recording');
  await record('two');
  await workloads.until(async () => (await phaseOf('two')) === 'Failed', 'the refusal of the second');
  await assert.rejects(part.insight.recordedTrace({ namespace: 'default', name: 'one' }), { code: 'memory_trace_recording' });
  await workloads.pass(21_000);
  await workloads.until(async () => {
    await workloads.pass(1000);
    return (await phaseOf('one')) === 'Complete';
  }, 'the end of the recording');
  const trace = await part.insight.recordedTrace({ namespace: 'default', name: 'one' });
  assert.equal(trace.intervalMs, 1000);
  assert.ok(trace.samples.length >= 19, String(trace.samples.length));
});

test('an analysis says what it rests on, and recommends what the published factors give', async () => {
  await using workloads = await openWorkloads();
  const { part } = await workloads.start();
  await workloads.apply('shop');
  await workloads.until(isPhase(workloads, 'shop', 'Running'));
  const name = { namespace: 'default', name: 'shop' };
  const empty = await part.insight.analysis(name, 3_600_000);
  assert.deepEqual([empty.samples, empty.sizing[0]?.limit], [0, undefined]);
  assert.notEqual(empty.sizing[0]?.refused, undefined);
  workloads.living('shop')[0]!.usageBytes = 40 * mebibyte;
  await workloads.pass(60_000);
  const { sizing, leak, steps } = await part.insight.analysis(name, 3_600_000);
  assert.deepEqual([sizing[0]?.limit, sizing[0]?.request, sizing[0]?.samples], ['64Mi', '48Mi', 12]);
  assert.match(sizing[0]?.notes?.join(' ') ?? '', /too few/);
  assert.equal(leak.isLeak, false);
  assert.deepEqual(
    steps.map(({ name: step }) => step),
    ['limit', 'leak', 'traffic'],
  );
});
