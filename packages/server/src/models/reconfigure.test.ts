/** What stays and what changes when the settings of a running model path do. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { oneAtOnce, openScene, rest, type Scene } from './reconfigure.fixture.ts';

const row = (scene: Scene, target: string) => scene.models.administration.targets('5m').find((one) => one.target === target);
const line = (scene: Scene, name: string) => scene.metrics.text().match(new RegExp(`^${name}.*$`, 'm'))?.[0];
const held = (scene: Scene) => ({
  inFlight: scene.models.service.requests.inFlight,
  open: scene.open().length,
  underWay: Number(/^openclaw_model_target_requests_under_way\{.*\} [1-9]/m.test(scene.metrics.text())),
});
const nothing = { inFlight: 0, open: 0, underWay: 0 };

/** A target that has failed until its breaker opened. */
async function breakOpen(scene: Scene, model: string): Promise<void> {
  for (let failures = 0; row(scene, model)?.breaker !== 'open'; failures += 1) {
    assert.ok(failures < 10, 'its breaker does not open');
    const asked = scene.ask(model);
    await rest();
    for (let tries = 0; !asked.over && tries < 5; tries += 1) {
      for (const one of scene.open()) one.refuse(500);
      await rest();
      scene.clock.advance(1000);
      await rest();
    }
  }
}

test('a request that comes after the change follows it, and one under way ends as it began', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'old' } } });
  const before = scene.ask('acme/large', { stream: true });
  await rest();
  scene.sent[0]?.begin('half ');
  await scene.change({ providers: { acme: { apiKey: 'new', baseUrl: 'http://elsewhere.test/v2' } } });
  const after = scene.ask('acme/large');
  await rest();
  assert.deepEqual(
    scene.sent.map(({ origin, key }) => [origin, key]),
    [
      ['http://acme.test', 'old'],
      ['http://elsewhere.test', 'new'],
    ],
  );
  scene.sent[1]?.answer();
  scene.sent[0]?.end();
  await Promise.all([before.done, after.done]);
  assert.deepEqual([before.status, after.status, before.events], [200, 200, ['head', 'end']]);
  assert.match(before.text, /half .*\[DONE\]/s);
  assert.deepEqual(held(scene), nothing);
});

test('what is streamed by a provider that is taken out comes to its end, and its name is unknown from then on', async () => {
  await using scene = await openScene({ providers: { acme: {}, other: {} } });
  const streaming = scene.ask('acme/large', { stream: true });
  await rest();
  scene.sent[0]?.begin('half ');
  await rest();
  await scene.change({ providers: { other: {} } });
  const late = scene.ask('acme/large');
  await late.done;
  assert.deepEqual([late.status, scene.models.providers().map(({ id }) => id)], [404, ['other', 'openclaw']]);
  assert.equal(row(scene, 'acme/large')?.limit ?? null, null, 'it is no target any more');
  scene.sent[0]?.end();
  await streaming.done;
  assert.deepEqual([streaming.status, scene.models.service.requests.inFlight], [200, 0]);
  assert.deepEqual(scene.origins, ['http://other.test', 'rehearsal:'], 'no connection is kept to it');
});

test('an open breaker, a pause and a learnt limit stay with a target while its provider changes around it', async () => {
  const acme = { apiKey: 'k', concurrency: { initial: 8, max: 100 } };
  await using scene = await openScene({ providers: { acme, slow: {} } });
  await breakOpen(scene, 'acme/large');
  const limited = scene.ask('slow/large');
  await rest();
  scene.open()[0]?.refuse(503);
  await rest();
  const limit = row(scene, 'slow/large')?.limit;
  assert.ok(limit !== undefined && limit !== null && limit < 5, 'it was too much for it');
  await scene.change({
    providers: { acme: { ...acme, headers: { 'x-team': 'a' }, models: [{ id: 'large' }] }, slow: { concurrency: { max: 50 } } },
  });
  assert.deepEqual([row(scene, 'acme/large')?.breaker, row(scene, 'slow/large')?.limit], ['open', limit]);
  const refused = scene.ask('acme/large');
  await refused.done;
  assert.equal(refused.status, 503);
  limited.leave();
  await limited.done;
});

test('a target at another address or with another key is another one: nothing is held against it', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'k' }, other: { apiKey: 'k' } } });
  await breakOpen(scene, 'acme/large');
  await breakOpen(scene, 'other/large');
  await scene.change({ providers: { acme: { apiKey: 'k', baseUrl: 'http://mended.test/v1' }, other: { apiKey: 'another' } } });
  for (const model of ['acme/large', 'other/large']) {
    const asked = scene.ask(model);
    await rest();
    scene.open()[0]?.answer();
    await asked.done;
    assert.deepEqual([asked.status, row(scene, model)?.breaker], [200, 'closed'], model);
  }
});

test('a breaker that an operator holds open stays so whatever the key is', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'k' } } });
  const asked = scene.ask('acme/large');
  await rest();
  scene.open()[0]?.answer();
  await asked.done;
  scene.models.administration.overrideBreaker('acme/large', 'open');
  await scene.change({ providers: { acme: { apiKey: 'another' } } });
  const refused = scene.ask('acme/large');
  await refused.done;
  assert.equal(refused.status, 503);
});

test('whoever waits goes on waiting, keeps his turn, and is let in by bounds that were raised', async () => {
  await using scene = await openScene({ providers: { acme: oneAtOnce } });
  const asked = [scene.ask('acme/large'), scene.ask('acme/large'), scene.ask('acme/large')];
  await rest();
  assert.equal(scene.sent.length, 1);
  await scene.change({ providers: { acme: { ...oneAtOnce, headers: { 'x-team': 'a' } } } });
  await rest();
  assert.equal(scene.sent.length, 1, 'they still wait');
  await scene.change({ providers: { acme: { concurrency: { initial: 3, max: 3 } } } });
  await rest();
  assert.equal(scene.sent.length, 3);
  for (const one of scene.open()) one.answer();
  await Promise.all(asked.map(({ done }) => done));
  assert.deepEqual(
    asked.map(({ status, events }) => [status, events.join()]),
    Array.from({ length: 3 }, () => [200, 'head,end']),
  );
  assert.deepEqual(held(scene), nothing);
});

test('whoever waits for a target that is gone goes to the next, goes by the new settings, or is told that there is none', async () => {
  const providers = { acme: { ...oneAtOnce, apiKey: 'old' }, lost: oneAtOnce, spare: oneAtOnce };
  await using scene = await openScene({ providers, routes: { both: ['lost/large', 'spare/large'] } });
  const first = [scene.ask('acme/large'), scene.ask('lost/large'), scene.ask('spare/large')];
  await rest();
  const waiting = { key: scene.ask('acme/large'), none: scene.ask('lost/large'), next: scene.ask('both') };
  await rest();
  assert.equal(scene.sent.length, 3);
  await scene.change({ providers: { acme: { ...oneAtOnce, apiKey: 'new' }, spare: oneAtOnce }, routes: { both: ['spare/large'] } });
  await waiting.none.done;
  assert.deepEqual([waiting.none.status, waiting.next.over], [404, false]);
  await rest();
  assert.deepEqual(
    scene.sent.slice(3).map(({ key }) => key),
    ['new'],
    'with the new key at once',
  );
  const trail = scene.models.sight.trail('req_6');
  assert.ok(
    trail?.decisions.some((note) => note.includes('routed again')),
    JSON.stringify(trail),
  );
  for (let round = 0; round < 3; round += 1) {
    for (const one of scene.open()) one.answer();
    await rest();
  }
  await Promise.all([...first, waiting.key, waiting.next].map(({ done }) => done));
  assert.deepEqual(
    [...first, waiting.key, waiting.next].map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  assert.equal(waiting.next.headers['x-openclaw-target'], 'spare/large');
  assert.deepEqual(held(scene), nothing);
});

test('a request whose try failed and who would wait for a target that is gone ends with that failure', async () => {
  await using scene = await openScene({ providers: { acme: {} } });
  const asked = scene.ask('acme/large');
  await rest();
  scene.open()[0]?.refuse(500);
  await rest();
  assert.equal(asked.over, false, 'it backs off');
  await scene.change({ providers: {} });
  await asked.done;
  assert.deepEqual([asked.status, scene.sent.length], [502, 1]);
  assert.deepEqual(held(scene), nothing);
});

test('a key that was refused stays out under its text wherever it stands in the list, and a new one is tried at once', async () => {
  const keysOf = (...keys: readonly string[]) => ({ providers: { acme: { apiKeys: keys.map((key) => ({ key, weight: 1 })) } } });
  await using scene = await openScene(keysOf('bad', 'good'));
  const asked = scene.ask('acme/large');
  await rest();
  scene.open()[0]?.refuse(401);
  await rest();
  scene.open()[0]?.answer();
  await asked.done;
  const states = (): unknown[] =>
    scene.models.keysStatus().flatMap(({ provider, source, state }) => (provider === 'acme' ? [[source, state]] : []));
  await scene.change(keysOf('good', 'bad'));
  assert.deepEqual(states(), [
    ['models.providers.acme.apiKeys[0]', 'ok'],
    ['models.providers.acme.apiKeys[1]', 'refused'],
  ]);
  await scene.change(keysOf('good', 'better'));
  assert.deepEqual(states(), [
    ['models.providers.acme.apiKeys[0]', 'ok'],
    ['models.providers.acme.apiKeys[1]', 'ok'],
  ]);
  const keys = new Set<string | undefined>();
  for (let turn = 0; turn < 4; turn += 1) {
    const next = scene.ask('acme/large');
    await rest();
    keys.add(scene.open()[0]?.key);
    scene.open()[0]?.answer();
    await next.done;
  }
  assert.deepEqual(keys, new Set(['good', 'better']));
});

test('a key that was left out while there was another is tried soon once it is the only one', async () => {
  const keysOf = (...keys: readonly string[]) => ({ providers: { acme: { apiKeys: keys.map((key) => ({ key, weight: 1 })) } } });
  await using scene = await openScene(keysOf('bad', 'good'));
  const asked = scene.ask('acme/large');
  await rest();
  scene.open()[0]?.refuse(401);
  await rest();
  scene.open()[0]?.answer();
  await asked.done;
  await scene.change(keysOf('bad'));
  scene.clock.advance(30_000);
  const trial = scene.ask('acme/large');
  await rest();
  assert.equal(scene.open()[0]?.key, 'bad');
  scene.open()[0]?.answer();
  await trial.done;
});

test('sessions stay at their key while others before it go', async () => {
  const route = { strategy: 'sticky', afterFirstToken: 'error', targets: [{ model: 'acme/large', weight: 1 }] } as const;
  const wanted = (...keys: readonly string[]) => ({
    providers: { acme: { apiKeys: keys.map((key) => ({ key, weight: 1 })) } },
    routes: { talk: route },
  });
  await using scene = await openScene(wanted('a', 'b', 'c'));
  const sessions = Array.from({ length: 20 }, (_, index) => `session ${index}`);
  const keysNow = async (): Promise<(string | undefined)[]> => {
    const keys: (string | undefined)[] = [];
    for (const session of sessions) {
      const asked = scene.ask('talk', { session });
      await rest();
      keys.push(scene.open()[0]?.key);
      scene.open()[0]?.answer();
      await asked.done;
    }
    return keys;
  };
  const before = await keysNow();
  await scene.change(wanted('b', 'c'));
  const after = await keysNow();
  for (const [index, key] of before.entries()) if (key !== 'a') assert.equal(after[index], key, sessions[index]);
  assert.ok(before.includes('a') && before.includes('b') && before.includes('c'));
});

test('what is known of how quick a target is stays with it', async () => {
  const route = {
    strategy: 'latency',
    afterFirstToken: 'error',
    targets: ['slow/large', 'quick/large'].map((model) => ({ model, weight: 1 })),
  } as const;
  await using scene = await openScene({ providers: { slow: {}, quick: {} }, routes: { soon: route } });
  for (const [model, ms] of Object.entries({ 'slow/large': 900, 'quick/large': 10 })) {
    const asked = scene.ask(model);
    await rest();
    scene.clock.advance(ms);
    scene.open()[0]?.answer();
    await asked.done;
  }
  await scene.change({
    providers: { slow: { headers: { 'x-team': 'a' } }, quick: { headers: { 'x-team': 'a' } } },
    routes: { soon: route },
  });
  for (let turn = 0; turn < 5; turn += 1) {
    const asked = scene.ask('soon');
    await rest();
    scene.open()[0]?.answer();
    await asked.done;
    assert.equal(asked.headers['x-openclaw-target'], 'quick/large');
  }
});

test('a provider that cannot be asked changes nothing at all', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'old' } }, routes: { fast: ['acme/large'] } });
  const before = scene.models.providers();
  const broken = { baseUrl: undefined, api: undefined };
  const change = scene.change({
    providers: { acme: { apiKey: 'new', headers: { 'x-team': 'a' } }, nobody: broken },
    retry: { ...retry, attempts: 1 },
  });
  await assert.rejects(change, { code: 'config_invalid' });
  assert.deepEqual(scene.models.providers(), before);
  const asked = scene.ask('fast');
  await rest();
  assert.deepEqual([scene.open()[0]?.key, scene.open()[0]?.headers['x-team']], ['old', undefined]);
  scene.open()[0]?.refuse(500);
  await rest();
  scene.clock.advance(1000);
  await rest();
  scene.open()[0]?.answer();
  await asked.done;
  assert.equal(asked.status, 200, 'it was tried again');
});

const retry = { attempts: 3, baseDelayMs: 100, maxDelayMs: 1000, budgetPercent: 100 };
const cache = { enabled: true, ttlMs: 600_000, maxBytes: 2 ** 20, store: 'memory' } as const;

test('kept answers and the retry budget stay where their settings do, and begin anew where they do not', async () => {
  await using scene = await openScene({ providers: { acme: {} }, cache });
  const ask = async (): Promise<string | undefined> => {
    const asked = scene.ask('acme/large');
    await rest();
    scene.open()[0]?.answer();
    await asked.done;
    return asked.headers['x-openclaw-cache'];
  };
  assert.deepEqual([await ask(), await ask()], ['miss', 'hit']);
  const left = line(scene, 'openclaw_model_retry_budget_left');
  await scene.change({ providers: { acme: { headers: { 'x-team': 'a' } } }, cache });
  assert.equal(await ask(), 'hit');
  assert.equal(line(scene, 'openclaw_model_retry_budget_left'), left);
  await scene.change({ providers: { acme: {} }, cache: { ...cache, ttlMs: 1000 }, retry: { ...retry, budgetPercent: 0 } });
  assert.equal(await ask(), 'miss');
  assert.equal(line(scene, 'openclaw_model_retry_budget_left'), 'openclaw_model_retry_budget_left 20');
  await scene.change({ providers: { acme: {} } });
  assert.deepEqual([await ask(), line(scene, 'openclaw_model_cache_bytes')], [undefined, undefined]);
});

test('statistics, trails and metrics go on, each registered once', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'k' } } });
  for (const headers of [{}, { 'x-team': 'a' }, { 'x-team': 'b' }]) {
    await scene.change({ providers: { acme: { apiKey: 'k', headers } } });
    const asked = scene.ask('acme/large');
    await rest();
    scene.open()[0]?.answer();
    await asked.done;
  }
  assert.equal(row(scene, 'acme/large')?.requests, 3);
  assert.equal(scene.models.sight.trails(10).requests.length, 4);
  assert.match(scene.metrics.text(), /^openclaw_model_requests_total\{provider="acme",model="other",outcome="completed"\} 3$/m);
  assert.equal(scene.metrics.text().match(/^openclaw_model_target_limit\{provider="acme"/gm)?.length, 1);
});

test('while a request ends at a key that is gone, the metrics have one series for the key in its place', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'old' } } });
  const before = scene.ask('acme/large');
  await rest();
  await scene.change({ providers: { acme: { apiKey: 'new' } } });
  const after = scene.ask('acme/large');
  await rest();
  assert.equal(scene.metrics.text().match(/^openclaw_model_target_requests_under_way\{.*key="1"\} 1$/gm)?.length, 1);
  for (const one of scene.open()) one.answer();
  await Promise.all([before.done, after.done]);
  assert.deepEqual(held(scene), nothing);
});

test('keys that come later are checked, and those that were are not asked again', async () => {
  await using scene = await openScene({ providers: { acme: { apiKey: 'one' } } }, { checkKeys: true });
  const stopped = new AbortController();
  const checked = async (): Promise<(string | undefined)[]> => {
    await rest();
    const keys = scene.open().map(({ key }) => key);
    for (const one of scene.open()) one.refuse(200, { object: 'list', data: [] });
    await rest();
    return keys;
  };
  await scene.models.prepare(1, stopped.signal);
  assert.deepEqual(await checked(), ['one']);
  await scene.change({ providers: { acme: { apiKey: 'one', headers: { 'x-team': 'a' } }, other: { apiKey: 'two' } } });
  assert.deepEqual(await checked(), ['two']);
  await scene.change({ providers: { other: { apiKey: 'two' } } });
  assert.deepEqual(await checked(), []);
  assert.equal(getEventListeners(stopped.signal, 'abort').length, 1, 'changes add none');
});

test('the names that there are follow the settings for whoever asked for them before', async () => {
  await using scene = await openScene({ providers: { acme: { models: [{ id: 'large' }] } } });
  const { router, directory } = scene.models;
  const anybody = { id: 'gateway', models: undefined };
  await scene.change({ providers: { other: { models: [{ id: 'small' }] } }, routes: { fast: ['other/small'] } });
  assert.deepEqual(
    router.list(anybody).map(({ id }) => id),
    ['fast', 'other/small', 'openclaw/rehearsal'],
  );
  assert.deepEqual(
    (await directory.list()).map(({ name }) => name),
    ['fast', 'other/small', 'openclaw/rehearsal'],
  );
  assert.equal((await directory.show('fast')).targets[0]?.name, 'other/small');
});

test('while memory is short no request is taken, and what is kept can be let go', async () => {
  let short = false;
  const refusal = new OpenClawError('memory_pressure', { details: { reason: '95 % of 512 MiB' }, retryAfterMs: 5000 });
  await using scene = await openScene({ providers: { acme: {} }, cache }, { admitWork: () => (short ? refusal : undefined) });
  const kept = scene.ask('acme/large');
  await rest();
  scene.open()[0]?.answer();
  await kept.done;
  short = true;
  const refused = scene.ask('acme/large', { stream: true });
  await refused.done;
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5']);
  assert.equal((JSON.parse(refused.text) as { error: { code: string } }).error.code, 'memory_pressure');
  // The request of the start beside it.
  assert.equal(line(scene, 'openclaw_model_cache_entries'), 'openclaw_model_cache_entries 2');
  scene.models.shedCaches();
  assert.equal(line(scene, 'openclaw_model_cache_entries'), 'openclaw_model_cache_entries 0');
  assert.equal(scene.models.sight.trails(10).requests.length, 0);
});

test('what is closed takes no other settings, and nothing of it runs on', async () => {
  const scene = await openScene({ providers: { acme: { apiKey: 'k' } } });
  await scene.models.close(new OpenClawError('draining'));
  await assert.rejects(scene.change({ providers: { acme: { apiKey: 'other' } } }), { code: 'draining' });
  assert.equal(scene.clock.pendingTimers, 0);
});
