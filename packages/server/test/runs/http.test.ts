/** Runs over HTTP: what is created, steered, seen by whom, and streamed to whom from where. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent, RunView } from '@openclaw/protocol';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { startRunServer, tokens, type RunServer, type RunServerOptions } from '../harness/run-server.ts';

interface Scene extends AsyncDisposable {
  readonly server: RunServer;
  readonly directory: string;
  release(): void;
  ask(method: string, path: string, more?: { body?: unknown; token?: string; headers?: Record<string, string> }): Promise<Response>;
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
  create(input: string, more?: object): Promise<RunView>;
  /** Everything to its end. */
  stream(path: string, headers?: Record<string, string>): Promise<Frame[]>;
}

interface Frame {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

async function setUp(options: Partial<RunServerOptions> = {}): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-runs-'));
  const server = await startRunServer({ directory, ...options });
  const scene: Scene = {
    server,
    directory,
    release: () => writeFileSync(join(directory, 'release'), ''),
    ask: (method, path, { body, token = tokens.admin, headers = {} } = {}) =>
      fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    json: async <T>(method: string, path: string, body?: unknown) => (await (await scene.ask(method, path, { body })).json()) as T,
    create: (input, more = {}) => scene.json<RunView>('POST', '/v1/runs', { input, ...more }),
    stream: async (path, headers = {}) => framesOf(await (await scene.ask('GET', path, { headers })).text()),
    async [Symbol.asyncDispose]() {
      scene.release();
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
  return scene;
}

function framesOf(text: string): Frame[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      return { id: field('id'), event: field('event') ?? '', data: field('data') ?? '' };
    });
}

const viewOf = async (answer: Promise<Response>): Promise<RunView> => (await (await answer).json()) as RunView;

const codeOf = async (answer: Response): Promise<string> =>
  `${answer.status} ${((await answer.json()) as { error: { openclaw: { code: string } } }).error.openclaw.code}`;

test('a run is created, carried out and shown; its stream has every event with its number and its kind, and ends with the run', async () => {
  await using scene = await setUp();
  const answer = await scene.ask('POST', '/v1/runs', { body: { input: 'say Hello there.' } });
  assert.equal(answer.status, 201);
  const { id, origin } = (await answer.json()) as RunView;
  assert.deepEqual(origin, { kind: 'api', by: 'gateway' });
  const frames = await scene.stream(`/v1/runs/${id}/events`);
  const end = frames.pop();
  assert.deepEqual([end?.event, end?.id], ['end', undefined]);
  const events = frames.map(({ data }) => JSON.parse(data) as RunEvent);
  assert.deepEqual(
    frames.map(({ id: seq, event }) => [seq, event]),
    events.map(({ seq, kind }) => [String(seq), kind]),
  );
  assert.deepEqual([events[0]?.kind, events.at(-1)?.kind], ['run.created', 'run.finished']);
  const run = await scene.json<RunView>('GET', `/v1/runs/${id}`);
  assert.deepEqual([run.status, run.lastSeq], ['finished', events.at(-1)?.seq]);
  assert.deepEqual(JSON.parse(end?.data ?? ''), { status: 'finished', lastSeq: run.lastSeq });
});

test('the same idempotency key is the same run with 200, with another input it is refused', async () => {
  await using scene = await setUp();
  const body = { input: 'say Hello.', idempotencyKey: 'k1' };
  const first = await scene.ask('POST', '/v1/runs', { body });
  const again = await scene.ask('POST', '/v1/runs', { body });
  assert.deepEqual([first.status, again.status], [201, 200]);
  assert.equal(((await first.json()) as RunView).id, ((await again.json()) as RunView).id);
  assert.equal(await codeOf(await scene.ask('POST', '/v1/runs', { body: { ...body, input: 'other' } })), '409 idempotency_key_reused');
});

test('a key sees what its runs have handed on, others do not, and an operator answers for it at the run above', async () => {
  await using scene = await setUp();
  const task = JSON.stringify({ agent: 'helper', task: 'call pay {}\nsay Paid.' });
  const body = { input: `call agent ${task}\nsay Done.` };
  const { id } = await viewOf(scene.ask('POST', '/v1/runs', { body, token: tokens.runsA }));
  const listed = async (token: string): Promise<readonly RunView[]> => {
    const answer = await scene.ask('GET', `/v1/runs?parent=${id}`, { token });
    return ((await answer.json()) as { data: readonly RunView[] }).data;
  };
  for await (const event of scene.server.engine.events(id, 0, new AbortController().signal))
    if (event.kind === 'child.changed' && event.waitsFor?.kind === 'approval') break;
  const [child] = await listed(tokens.runsA);
  assert.deepEqual([child?.parentRunId, child?.agentId, child?.status], [id, 'helper', 'parked']);
  assert.equal((await scene.ask('GET', `/v1/runs/${child?.id}`, { token: tokens.runsA })).status, 200);
  assert.deepEqual(await listed(tokens.runsB), []);
  assert.equal(await codeOf(await scene.ask('GET', `/v1/runs/${child?.id}`, { token: tokens.runsB })), '404 run_not_found');
  const waiting = await scene.json<RunView>('GET', `/v1/runs/${id}`);
  assert.deepEqual(waiting.waitsFor, { kind: 'child', runId: child?.id, waitsFor: child?.waitsFor });
  assert.equal((await scene.ask('POST', `/v1/runs/${id}/approve`, { body: {} })).status, 200);
  await scene.stream(`/v1/runs/${id}/events`);
  const { status, output } = await scene.json<RunView>('GET', `/v1/runs/${id}`);
  assert.deepEqual([status, output, scene.server.calls], ['finished', { text: 'Done.', finishReason: 'stop' }, ['pay']]);
});

test('a stream goes on after any number, by Last-Event-ID before ?after, for any number of clients', async () => {
  await using scene = await setUp();
  const { id } = await scene.create('hold');
  const path = `/v1/runs/${id}/events`;
  const watching = Array.from({ length: 20 }, () => scene.stream(path));
  scene.release();
  const [first, ...others] = await Promise.all(watching);
  assert.ok(first && first.length > 4);
  for (const other of others) assert.deepEqual(other, first);
  for (const [index, { id: seq }] of first.entries()) {
    if (seq === undefined) continue;
    assert.deepEqual(await scene.stream(`${path}?after=${seq}`), first.slice(index + 1));
    assert.deepEqual(await scene.stream(`${path}?after=0`, { 'last-event-id': seq }), first.slice(index + 1));
  }
});

test('a stream from the future ends when there is nothing more, and waits while there may be', async () => {
  await using scene = await setUp();
  const { id } = await scene.create('hold');
  const waiting = scene.stream(`/v1/runs/${id}/events?after=100000`);
  scene.release();
  assert.deepEqual(
    (await waiting).map(({ event }) => event),
    ['end'],
  );
  assert.deepEqual(
    (await scene.stream(`/v1/runs/${id}/events?after=100000`)).map(({ event }) => event),
    ['end'],
  );
});

test('a silent stream is kept alive every 15 seconds, and its timer goes with its client', async () => {
  const clock = createFakeClock();
  await using scene = await setUp({ clock });
  const { id } = await scene.create('hold');
  const leaving = new AbortController();
  const { body } = await fetch(`${scene.server.url}/v1/runs/${id}/events`, {
    headers: { authorization: `Bearer ${tokens.admin}` },
    signal: leaving.signal,
  });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('step.started')) text += (await reader.read()).value ?? '';
  clock.advance(15_000);
  while (!text.includes(': alive')) text += (await reader.read()).value ?? '';
  leaving.abort();
  while (clock.pendingTimers > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a gateway that stops ends a stream without its end, so that its client comes back', async () => {
  const scene = await setUp();
  const { id } = await scene.create('hold');
  const answer = await scene.ask('GET', `/v1/runs/${id}/events`);
  const text = answer.text().catch(() => 'cut');
  await scene[Symbol.asyncDispose]();
  assert.doesNotMatch(await text, /event: end/);
});

test('a client that reads nothing holds nothing: the others are served, and it gets all of it when it reads', async () => {
  await using scene = await setUp();
  const { journal } = scene.server;
  const { run, claim } = await scene.json<{ run: RunView; claim: number }>('POST', '/v1/runs/open', { key: 'large', input: null });
  const lease = { runId: run.id, owner: 'program', epoch: claim };
  const result = 'x'.repeat(60_000);
  for (let step = 1; step <= 200; step += 20) {
    const bodies = Array.from(
      { length: 20 },
      (_, index) => ({ kind: 'step.finished', step: step + index, attempt: 1, result, use: null }) as const,
    );
    await journal.append(lease, bodies);
  }
  await journal.append(lease, [{ kind: 'run.finished', output: 'done' }]);
  const { id } = run;
  const socket = connect(Number(new URL(scene.server.url).port), '127.0.0.1');
  socket.pause();
  socket.write(`GET /v1/runs/${id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.admin}\r\nconnection: close\r\n\r\n`);
  const quick = await scene.stream(`/v1/runs/${id}/events`);
  assert.equal(quick.filter(({ event }) => event === 'step.finished').length, 200);
  let slow = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (slow += chunk));
  const ended = new Promise((resolve) => socket.on('end', resolve));
  socket.resume();
  await ended;
  assert.equal(slow.match(/^event: step\.finished$/gm)?.length, 200);
  assert.match(slow, /event: end/);
});

test('what a person has to allow waits for that: approved it is done, refused the model is told, a second answer is told of the first', async () => {
  await using scene = await setUp();
  const waitUntilParked = async (id: string): Promise<void> => {
    while ((await scene.json<RunView>('GET', `/v1/runs/${id}`)).status !== 'parked') await new Promise((resolve) => setImmediate(resolve));
  };
  for (const verdict of ['approve', 'reject']) {
    const { id } = await scene.create('call pay {}\nsay Done.');
    await waitUntilParked(id);
    assert.equal((await scene.ask('POST', `/v1/runs/${id}/${verdict}`)).status, 200);
    await scene.stream(`/v1/runs/${id}/events`);
    assert.equal((await scene.json<RunView>('GET', `/v1/runs/${id}`)).status, 'finished');
    const again = await scene.ask('POST', `/v1/runs/${id}/${verdict}`, { body: { approvalId: 'no' } });
    assert.equal(await codeOf(again), '404 approval_not_found');
  }
  assert.deepEqual(scene.server.calls, ['pay']);
});

test('a run is cancelled, tried again after a failure, and forked from an event; what does not fit is refused', async () => {
  await using scene = await setUp();
  const held = await scene.create('hold');
  assert.equal((await scene.ask('POST', `/v1/runs/${held.id}/cancel`, { body: { reason: 'enough' } })).status, 200);
  assert.equal((await scene.stream(`/v1/runs/${held.id}/events`)).at(-2)?.event, 'run.cancelled');
  assert.equal(await codeOf(await scene.ask('POST', `/v1/runs/${held.id}/cancel`)), '409 run_ended');
  assert.equal(await codeOf(await scene.ask('POST', `/v1/runs/${held.id}/retry`)), '409 run_not_failed');
  const failed = await scene.create('fail');
  await scene.stream(`/v1/runs/${failed.id}/events`);
  assert.equal((await scene.ask('POST', `/v1/runs/${failed.id}/retry`)).status, 200);
  const first = await scene.create('say One.');
  await scene.stream(`/v1/runs/${first.id}/events`);
  const fork = await scene.ask('POST', `/v1/runs/${first.id}/fork`, { body: { fromSeq: 1 } });
  assert.equal(fork.status, 201);
  assert.deepEqual(((await fork.json()) as RunView).forkedFrom, { runId: first.id, seq: 1 });
  for (const fromSeq of [0, 99_999, 'one', 1.5])
    assert.equal(await codeOf(await scene.ask('POST', `/v1/runs/${first.id}/fork`, { body: { fromSeq } })), '400 invalid_request');
});

test('runs are listed by session, status and agent, page by page, the latest first', async () => {
  await using scene = await setUp();
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) ids.push((await scene.create('say Hi.', { session: `s${index % 2}` })).id);
  for (const id of ids) await scene.stream(`/v1/runs/${id}/events`);
  type Page = { data: RunView[]; has_more: boolean; next_after: string | null };
  const seen: string[] = [];
  for (let query = '?limit=2'; ;) {
    const page = await scene.json<Page>('GET', `/v1/runs${query}`);
    seen.push(...page.data.map(({ id }) => id));
    if (!page.has_more) break;
    query = `?limit=2&after=${page.next_after}`;
  }
  assert.deepEqual(seen.toSorted(), ids.toSorted());
  assert.equal((await scene.json<Page>('GET', '/v1/runs?session=s1')).data.length, 2);
  assert.equal((await scene.json<Page>('GET', '/v1/runs?status=finished&agent=main')).data.length, 5);
  assert.equal((await scene.json<Page>('GET', '/v1/runs?status=failed')).data.length, 0);
  for (const query of ['status=well', 'limit=0', 'limit=1000', 'limit=many', 'colour=red'])
    assert.equal(await codeOf(await scene.ask('GET', `/v1/runs?${query}`)), '400 invalid_request', query);
});

test('a key for models alone is refused, one with the scope runs sees and steers its own and nothing else', async () => {
  await using scene = await setUp();
  const { models: forModels, runsA, runsB } = tokens;
  for (const [method, path] of [
    ['GET', '/v1/runs'],
    ['POST', '/v1/runs'],
    ['GET', '/v1/runs/x'],
    ['GET', '/v1/sessions'],
  ] as const)
    assert.equal(
      await codeOf(await scene.ask(method, path, { token: forModels, ...(method === 'POST' ? { body: { input: 'x' } } : {}) })),
      '403 forbidden',
    );
  assert.equal((await fetch(`${scene.server.url}/v1/runs`)).status, 401);
  const own = await viewOf(
    scene.ask('POST', '/v1/runs', { token: runsA, body: { input: 'say A.', session: 'main', idempotencyKey: 'k' } }),
  );
  assert.deepEqual([own.sessionKey, own.origin.by], ['key_a:main', 'key_a']);
  const others = await viewOf(scene.ask('POST', '/v1/runs', { token: runsB, body: { input: 'say B.', idempotencyKey: 'k' } }));
  assert.notEqual(own.id, others.id);
  for (const path of ['', '/events', '/cancel', '/signal', '/retry', '/fork', '/steps', '/finish']) {
    const isRead = path === '' || path === '/events';
    const body = {
      '/signal': { name: 'x' },
      '/fork': { fromSeq: 1 },
      '/steps': { claim: 1, step: 1, name: 'x' },
      '/finish': { claim: 1, steps: 0 },
    }[path];
    const answer = await scene.ask(isRead ? 'GET' : 'POST', `/v1/runs/${own.id}${path}`, { token: runsB, ...(body ? { body } : {}) });
    assert.equal(await codeOf(answer), '404 run_not_found', path);
  }
  const mine = (await (await scene.ask('GET', '/v1/runs?limit=1', { token: runsA })).json()) as { data: RunView[] };
  assert.deepEqual(
    mine.data.map(({ id }) => id),
    [own.id],
  );
  for (const path of ['approve', 'reject'])
    assert.equal(await codeOf(await scene.ask('POST', `/v1/runs/${own.id}/${path}`, { token: runsA })), '403 forbidden');
  const model = await scene.ask('POST', '/v1/runs', { token: runsA, body: { input: 'x', model: 'expensive' } });
  assert.equal(await codeOf(model), '403 model_forbidden');
});

test('what is wrong with a request is named, and what is not there is not found', async () => {
  await using scene = await setUp();
  const bodies: [unknown, string][] = [
    [{}, '400 invalid_request'],
    [{ input: '' }, '400 invalid_request'],
    [{ input: 'x', limits: { steps: 0 } }, '400 invalid_request'],
    [{ input: 'x', colour: 'red' }, '400 invalid_request'],
    [{ input: 'x', agent: 'nobody' }, '404 agent_not_found'],
    ['{', '400 invalid_json'],
  ];
  for (const [body, expected] of bodies) assert.equal(await codeOf(await scene.ask('POST', '/v1/runs', { body })), expected);
  assert.equal(await codeOf(await scene.ask('GET', '/v1/runs/run_none')), '404 run_not_found');
  assert.equal(await codeOf(await scene.ask('GET', '/v1/runs/run_none/events')), '404 run_not_found');
  assert.equal(await codeOf(await scene.ask('GET', '/v1/runs/run_none/other')), '404 not_found');
  assert.equal(await codeOf(await scene.ask('GET', '/v1/runs/run_none/cancel')), '405 method_not_allowed');
  assert.equal(await codeOf(await scene.ask('GET', '/v1/runs/%E0%A4%A/events')), '400 invalid_request');
  const { id } = await scene.create('say Hi.');
  for (const after of ['-1', 'x', '1.5', '99999999999999999'])
    assert.equal(await codeOf(await scene.ask('GET', `/v1/runs/${id}/events?after=${after}`)), '400 invalid_request', after);
});

test('a run of a program is not tried again, forked or carried out here; it is cancelled like any other', async () => {
  await using scene = await setUp();
  const { run } = await scene.json<{ run: RunView }>('POST', '/v1/runs/open', { key: 'p', input: { day: 1 } });
  for (const [path, body] of [
    ['retry', undefined],
    ['fork', { fromSeq: 1 }],
  ] as const)
    assert.equal(await codeOf(await scene.ask('POST', `/v1/runs/${run.id}/${path}`, { body })), '409 run_of_program');
  assert.equal((await scene.json<RunView>('POST', `/v1/runs/${run.id}/cancel`)).status, 'cancelled');
  assert.equal(await codeOf(await scene.ask('POST', '/v1/runs/open', { body: { key: 'p', input: { day: 1 } } })), '409 run_ended');
});

test('a run of a program that is cancelled from elsewhere ends too, and its program is told', async () => {
  await using scene = await setUp();
  const { run, claim } = await scene.json<{ run: RunView; claim: number }>('POST', '/v1/runs/open', { key: 'p', input: 1 });
  await scene.server.engine.cancel(run.id, 'device:d1');
  assert.equal((await scene.stream(`/v1/runs/${run.id}/events`)).at(-2)?.event, 'run.cancelled');
  assert.equal(
    await codeOf(await scene.ask('POST', `/v1/runs/${run.id}/steps`, { body: { claim, step: 1, name: 'one' } })),
    '409 run_ended',
  );
});

test('sessions are listed, shown and deleted by their keys, whatever is in them', async () => {
  const view = { key: 'agent:main:a/b c', agentId: 'main', label: null, model: null, messageCount: 0, createdAtMs: 1, updatedAtMs: 2 };
  const gone: string[] = [];
  const sessions: RunServerOptions['sessions'] = {
    list: async ({ limit, offset }) => ({ sessions: [view, view, view].slice(offset, offset + limit), total: 3 }),
    show: async (key) => ({ ...view, key, messages: [] }),
    remove: async (key) => gone.push(key) === 1,
  };
  await using scene = await setUp({ sessions });
  type Page = { data: object[]; has_more: boolean; next_after: string | null };
  const first = await scene.json<Page>('GET', '/v1/sessions?limit=2');
  assert.deepEqual([first.data.length, first.has_more, first.next_after], [2, true, '2']);
  assert.equal((await scene.json<Page>('GET', '/v1/sessions?limit=2&after=2')).has_more, false);
  const path = `/v1/sessions/${encodeURIComponent(view.key)}`;
  assert.equal((await scene.json<typeof view>('GET', path)).key, view.key);
  assert.deepEqual(await scene.json('DELETE', path), { key: view.key, deleted: true });
  assert.equal(await codeOf(await scene.ask('DELETE', path)), '404 session_not_found');
  assert.equal(await codeOf(await scene.ask('POST', `${path}/compact`)), '501 not_in_release');
  assert.deepEqual(gone, [view.key, view.key]);
});
