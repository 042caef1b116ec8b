/** Calls after the hello: frames, scopes, two answers, limits, failures, and what a call learns when its client leaves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectParams, WireError } from '@openclaw/protocol';
import { OpenClawError } from '../../src/core/errors.ts';
import { WireRefusal } from '../../src/gateway/control/index.ts';
import type { MethodCall, MethodTable } from '../../src/gateway/control/contract.ts';
import { startTestPlane } from './plane.ts';
import { connectClient, shakeHands } from './raw-client.ts';

const admin: Partial<ConnectParams> = { scopes: ['operator.admin'] };
const never = (): Promise<never> => new Promise<never>(() => undefined);

const table: MethodTable = {
  echo: { scope: 'none', run: ({ params }) => params },
  later: { scope: 'none', run: ({ params }) => Promise.resolve(params) },
  nothing: { scope: 'none', run: () => undefined },
  read: { scope: 'operator.read', run: () => 'read' },
  administer: { scope: 'operator.admin', run: () => 'done' },
  dynamic: { scope: ({ deep }) => (deep === true ? 'operator.admin' : 'operator.write'), run: () => 'done' },
};

const badFrames: readonly (readonly [title: string, frame: unknown, words: RegExp])[] = [
  ['no JSON', 'hello', /is not valid JSON: /],
  ['bytes', Buffer.from([1, 2]), /must be a text frame/],
  ['a list', '[]', /must be a JSON object, not an array/],
  ['an event', { type: 'event', event: 'x' }, /must have/],
  ['no method', { type: 'req', id: '1' }, /must have method/],
  ['a name too many', { type: 'req', id: '1', method: 'echo', more: 1 }, /has more/],
  ['parameters that are a text', { type: 'req', id: '1', method: 'echo', params: 'x' }, /at \/params: must be an object/],
  ['a name __proto__', '{"type":"req","id":"1","method":"echo","params":{"__proto__":{"a":1}}}', /__proto__/],
  ['nesting without end', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`, /nested deeper than 128 levels/],
];

test('a bad frame is answered under the id "invalid", and the connection stays', async (t) => {
  await using plane = await startTestPlane({ methods: table });
  for (const [title, frame, words] of badFrames) {
    await t.test(title, async () => {
      await using client = await connectClient(plane);
      client.send(frame);
      const { ok, error } = await client.response('invalid');
      assert.deepEqual([ok, error?.code], [false, 'INVALID_REQUEST']);
      assert.match(error?.message ?? '', /^invalid request frame: /);
      assert.match(error?.message ?? '', words);
      assert.deepEqual((await client.call('echo', { a: 1 })).payload, { a: 1 });
    });
  }
});

test('parameters may be left out, be empty or null; the method gets an object', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  assert.deepEqual((await client.call('echo')).payload, {});
  assert.deepEqual((await client.call('echo', {})).payload, {});
  assert.deepEqual((await client.call('echo', null)).payload, {});
});

test('a frame may carry a traceparent and the profile that is expected', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  client.send({ type: 'req', id: '1:uuid', method: 'echo', params: { a: 1 }, traceparent: '00-a-b-01', expectedProfileId: 'p' });
  assert.deepEqual(await client.response('1:uuid'), { type: 'res', id: '1:uuid', ok: true, payload: { a: 1 } });
});

test('what a method returns, now or later, is the payload; nothing is no payload', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  assert.deepEqual(await client.call('later', { a: [1] }), { type: 'res', id: '2', ok: true, payload: { a: [1] } });
  assert.deepEqual(await client.call('nothing'), { type: 'res', id: '3', ok: true });
});

test('a second connect is refused, and the connection stays', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  assert.equal((await client.call('connect', {})).error?.message, 'connect is only valid as the first request');
  assert.equal((await client.call('echo')).ok, true);
});

test('an admin is told that a method is unknown, anybody else that it lacks a scope', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using root = await connectClient(plane, admin);
  await using reader = await connectClient(plane, { scopes: ['operator.read'] });
  for (const name of ['no.such', 'constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.deepEqual((await root.call(name)).error, { code: 'INVALID_REQUEST', message: `unknown method: ${name}` });
    assert.deepEqual((await reader.call(name)).error, missing('operator.admin'));
  }
});

function missing(scope: string): WireError {
  const details = { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] };
  return { code: 'FORBIDDEN', message: `missing scope: ${scope}`, details };
}

test('a method asks for its scope: admin is all of them, write includes reading, none is none', async () => {
  await using plane = await startTestPlane({ methods: table });
  const outcomes: Record<string, readonly unknown[]> = {};
  for (const scope of ['operator.admin', 'operator.write', 'operator.read', 'operator.pairing']) {
    await using client = await connectClient(plane, { scopes: [scope] });
    const answers = [await client.call('echo'), await client.call('read'), await client.call('administer'), await client.call('dynamic')];
    outcomes[scope] = answers.map(({ ok, error }) => (ok ? 'ok' : error));
  }
  const [read, write, all] = [missing('operator.read'), missing('operator.write'), missing('operator.admin')];
  assert.deepEqual(outcomes, {
    'operator.admin': ['ok', 'ok', 'ok', 'ok'],
    'operator.write': ['ok', 'ok', all, 'ok'],
    'operator.read': ['ok', 'ok', all, write],
    'operator.pairing': ['ok', read, all, write],
  });
});

test('a scope may depend on the parameters', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane, { scopes: ['operator.write'] });
  assert.equal((await client.call('dynamic', { deep: false })).ok, true);
  assert.deepEqual((await client.call('dynamic', { deep: true })).error, missing('operator.admin'));
});

test('a scope that cannot be made out refuses the call', async () => {
  const scope = (): never => {
    throw new OpenClawError('invalid_request', { details: { path: 'key', reason: 'must be a text' } });
  };
  await using plane = await startTestPlane({ methods: { odd: { scope, run: () => 'never' } } });
  await using client = await connectClient(plane, admin);
  assert.deepEqual((await client.call('odd')).error, { code: 'INVALID_REQUEST', message: 'key: must be a text.' });
});

test('ten refused calls in a row close the connection; one that is allowed starts the count anew', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  for (let index = 0; index < 9; index += 1) await client.call('administer');
  await client.call('echo');
  for (let index = 0; index < 9; index += 1) await client.call('administer');
  assert.equal(client.end, undefined);
  assert.equal((await client.call('administer')).error?.code, 'FORBIDDEN');
  assert.deepEqual(await client.ended, { code: 1008, reason: 'repeated unauthorized calls' });
});

test('a method that accepts first answers twice under one id, in this order', async () => {
  const end = Promise.withResolvers<object>();
  const run = async ({ accept }: MethodCall): Promise<object> => {
    accept({ runId: 'r', status: 'accepted' });
    return end.promise;
  };
  await using plane = await startTestPlane({ methods: { agent: { scope: 'operator.write', run } } });
  await using client = await connectClient(plane, { scopes: ['operator.write'] });
  const id = client.ask('agent', {});
  assert.deepEqual((await client.response(id)).payload, { runId: 'r', status: 'accepted' });
  end.resolve({ runId: 'r', status: 'ok' });
  await client.until(() => client.responses(id).length === 2, 'the second answer');
  assert.deepEqual(client.responses(id)[1], { type: 'res', id, ok: true, payload: { runId: 'r', status: 'ok' } });
});

test('a call that fails after it was accepted says so under the same id, with what it has', async () => {
  const run = async ({ accept }: MethodCall): Promise<never> => {
    accept({ status: 'accepted' });
    await Promise.resolve();
    throw new WireRefusal({ code: 'UNAVAILABLE', message: 'the model is gone' }, { runId: 'r', status: 'error' });
  };
  await using plane = await startTestPlane({ methods: { agent: { scope: 'none', run } } });
  await using client = await connectClient(plane);
  const id = client.ask('agent');
  await client.until(() => client.responses(id).length === 2, 'the second answer');
  const error = { code: 'UNAVAILABLE', message: 'the model is gone' };
  assert.deepEqual(client.responses(id)[1], { type: 'res', id, ok: false, payload: { runId: 'r', status: 'error' }, error });
});

test('a client that leaves aborts its calls, and their ends reach nobody', async () => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<unknown>();
  const run = async ({ signal, accept }: MethodCall): Promise<string> => {
    begun.resolve();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    aborted.resolve(signal.reason);
    accept('too late');
    return 'too late';
  };
  await using plane = await startTestPlane({ methods: { wait: { scope: 'none', run } } });
  const client = await connectClient(plane);
  client.ask('wait');
  await begun.promise;
  await client[Symbol.asyncDispose]();
  assert.ok((await aborted.promise) instanceof OpenClawError);
  await new Promise(setImmediate);
  assert.equal(plane.metric('openclaw_control_calls_total', 'outcome="cancelled"'), 1);
  assert.equal(plane.logLines.filter(({ level }) => level === 'error').length, 0);
});

test('a client that is closed from here has its calls aborted at once, whether or not it answers the close', async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const run = async ({ signal }: MethodCall): Promise<never> => {
    begun.resolve(signal);
    return never();
  };
  await using plane = await startTestPlane({ methods: { wait: { scope: 'none', run } } });
  await using client = await connectClient(plane);
  client.ask('wait');
  const signal = await begun.promise;
  plane.plane.hub.closeWhere(() => true, { code: 4001, reason: 'gateway auth changed' });
  assert.equal(signal.aborted, true);
  assert.deepEqual(await client.ended, { code: 4001, reason: 'gateway auth changed' });
});

test('an error of the catalogue goes out with its own code and hint; its kind becomes one that clients know', async () => {
  const errors = {
    wrong: new OpenClawError('invalid_request', { details: { path: 'key', reason: 'is missing' }, param: 'key' }),
    busy: new OpenClawError('overloaded', { details: { limit: 1, what: 'things', setting: 'x' }, retryAfterMs: 1234.5 }),
    kept: new OpenClawError('forbidden', { details: { keyId: 'k', scope: 's' } }),
  };
  const methods = Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [name, { scope: 'none' as const, run: () => Promise.reject(error) }]),
  );
  await using plane = await startTestPlane({ methods });
  await using client = await connectClient(plane);
  assert.deepEqual((await client.call('wrong')).error, {
    code: 'INVALID_REQUEST',
    message: 'key: is missing.',
    details: { openclawCode: 'invalid_request', hint: errors.wrong.hint, param: 'key' },
    retryable: false,
  });
  const busy = (await client.call('busy')).error;
  assert.deepEqual([busy?.code, busy?.retryable, busy?.retryAfterMs], ['UNAVAILABLE', true, 1235]);
  assert.equal((await client.call('kept')).error?.code, 'FORBIDDEN');
});

test('a failure that nobody foresaw is "internal error" with an id; the log has the rest, the client neither words nor stack', async () => {
  const methods: MethodTable = {
    now: {
      scope: 'none',
      run: () => {
        throw new TypeError('secret words');
      },
    },
    later: { scope: 'none', run: () => Promise.reject(new TypeError('secret words')) },
    text: { scope: 'none', run: () => Promise.reject('secret words') },
    circular: {
      scope: 'none',
      run() {
        const value: Record<string, unknown> = {};
        value['self'] = value;
        return value;
      },
    },
    big: { scope: 'none', run: () => ({ number: 1n }) },
  };
  await using plane = await startTestPlane({ methods });
  await using client = await connectClient(plane);
  for (const name of Object.keys(methods)) {
    const { error, ok } = await client.call(name);
    const requestId = String(error?.details?.['requestId']);
    assert.deepEqual([ok, error?.code, error?.message, error?.retryable], [false, 'UNAVAILABLE', 'internal error', true], name);
    assert.ok(plane.logLines.some((line) => line['requestId'] === requestId && line['method'] === name));
  }
  assert.doesNotMatch(JSON.stringify(client.frames), /secret words|at .*\.ts/);
});

test('more than 64 calls under way on one connection are refused for now; those under way go on, and room comes back', async () => {
  const end = Promise.withResolvers<string>();
  await using plane = await startTestPlane({ methods: { wait: { scope: 'none', run: () => end.promise } } });
  await using client = await connectClient(plane);
  await using other = await connectClient(plane);
  const ids = Array.from({ length: 64 }, () => client.ask('wait'));
  const { error } = await client.call('wait');
  assert.deepEqual([error?.code, error?.retryable, error?.retryAfterMs], ['UNAVAILABLE', true, 1000]);
  const elsewhere = other.ask('wait');
  end.resolve('done');
  for (const id of ids) assert.equal((await client.response(id)).payload, 'done');
  assert.equal((await other.response(elsewhere)).payload, 'done');
  assert.equal((await client.call('wait')).payload, 'done');
});

test('a hundred calls in one piece that are answered at once are no overload', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane);
  const ids = Array.from({ length: 100 }, (_, index) => client.ask('later', { index }));
  for (const [index, id] of ids.entries()) assert.deepEqual((await client.response(id)).payload, { index });
});

test('frames of calls under way are held up to a limit; a connection with nothing under way always has its turn', async () => {
  const end = Promise.withResolvers<string>();
  const methods: MethodTable = { ...table, wait: { scope: 'none', run: () => end.promise }, stay: { scope: 'none', run: never } };
  await using plane = await startTestPlane({ methods, limits: { heldFrameBytes: 10_000 } });
  await using client = await connectClient(plane);
  await using other = await connectClient(plane);
  const first = client.ask('wait', { text: 'x'.repeat(9900) });
  assert.equal((await client.call('wait', { text: 'x'.repeat(200) })).error?.code, 'UNAVAILABLE');
  const elsewhere = other.ask('wait', { text: 'x'.repeat(200) });
  end.resolve('done');
  assert.equal((await client.response(first)).payload, 'done');
  assert.equal((await other.response(elsewhere)).payload, 'done');
  client.ask('stay');
  for (let index = 0; index < 5; index += 1) assert.equal((await client.call('later', { text: 'x'.repeat(9000) })).ok, true);
});

test('thirty writes a minute for each method, device and address; other methods and callers have their own', async () => {
  const write = { scope: 'none', isControlPlaneWrite: true, run: () => 'written' } as const;
  await using plane = await startTestPlane({ methods: { 'config.set': write, 'config.patch': write, ...table } });
  await using client = await connectClient(plane);
  for (let index = 0; index < 30; index += 1) assert.equal((await client.call('config.set')).ok, true);
  plane.clock.advance(20_000);
  assert.deepEqual((await client.call('config.set')).error, {
    code: 'UNAVAILABLE',
    message: 'rate limit exceeded for config.set; retry after 40s',
    details: { method: 'config.set', limit: '30 per 60s' },
    retryable: true,
    retryAfterMs: 40_000,
  });
  assert.equal((await client.call('config.patch')).ok, true);
  assert.equal((await client.call('echo')).ok, true);
  const device = { id: 'a', publicKey: 'b', signature: 'c', signedAt: 1, nonce: 'd' };
  await using other = await connectClient(plane, { device });
  assert.equal((await other.call('config.set')).ok, true);
  await using again = await connectClient(plane);
  assert.equal((await again.call('config.set')).ok, false, 'a new connection is no new caller');
  plane.clock.advance(40_000);
  assert.equal((await client.call('config.set')).ok, true);
});

test('a frame of 20 MiB is read after the hello; one beyond 25 MiB closes the connection with 1009', async () => {
  const methods: MethodTable = { measure: { scope: 'none', run: ({ params }) => String(params['text']).length } };
  await using plane = await startTestPlane({ methods });
  await using client = await connectClient(plane);
  const length = 20 * 1024 * 1024;
  assert.equal((await client.call('measure', { text: 'x'.repeat(length) })).payload, length);
  client.ask('measure', { text: 'x'.repeat(26_214_400) });
  assert.deepEqual(await client.ended, { code: 1009, reason: '' });
});

test('methods may change while a client is connected', async () => {
  let methods: MethodTable = {};
  await using plane = await startTestPlane({ methods: () => methods });
  const { client, hello } = await shakeHands(plane, admin);
  await using _ = client;
  assert.deepEqual(hello.features.methods, []);
  assert.equal((await client.call('echo')).ok, false);
  methods = table;
  assert.equal((await client.call('echo')).ok, true);
});

test('calls are counted by method and outcome, and names that there are not as one', async () => {
  await using plane = await startTestPlane({ methods: table });
  await using client = await connectClient(plane, admin);
  for (const name of ['echo', 'echo', 'a', 'b', 'c']) await client.call(name);
  assert.equal(plane.metric('openclaw_control_calls_total', 'method="echo",outcome="ok"'), 2);
  assert.equal(plane.metric('openclaw_control_calls_total', 'method="unknown",outcome="invalid_request"'), 3);
});

test('a fault of ours while a message is handled ends that connection with 1011, and no other', async () => {
  let isBroken = false;
  const methods = (): MethodTable => {
    if (isBroken) throw new TypeError('secret words');
    return table;
  };
  await using plane = await startTestPlane({ methods });
  await using client = await connectClient(plane);
  await using other = await connectClient(plane);
  isBroken = true;
  client.ask('echo');
  assert.deepEqual(await client.ended, { code: 1011, reason: 'gateway message handler unavailable' });
  isBroken = false;
  assert.equal((await other.call('echo')).ok, true);
  assert.ok(plane.logLines.some((line) => line['level'] === 'error'));
});
