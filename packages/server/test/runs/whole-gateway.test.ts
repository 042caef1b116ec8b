/** Runs in a whole gateway, as its users meet them: over HTTP, from the command line, and over a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClaw, type RunEvent, type SessionDetails } from '@openclaw/client';
import { createUseOpenClaw } from '../../src/cli/openclaw/runs-access.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram, type Program } from '../harness/program.ts';

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test('a run over HTTP becomes part of its session, which is listed, shown and deleted; keys see what their scopes allow', async () => {
  await using gateway = await startTestGateway();
  await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
  const run = await openclaw.runs.create({ input: 'say Hello there.', session: 'agent:main:main' });
  const events = await collect(openclaw.runs.events(run.id));
  assert.equal(events.at(-1)?.kind, 'run.finished');
  const { data } = await openclaw.sessions.list();
  assert.deepEqual(
    data.map(({ key }) => key),
    ['agent:main:main'],
  );
  const { messages }: SessionDetails = await openclaw.sessions.get('agent:main:main');
  assert.deepEqual(
    messages.map(({ role, text }) => `${role}: ${text}`),
    ['user: say Hello there.', 'assistant: Hello there.'],
  );
  const created = (await (await gateway.request('/admin/v1/keys', { json: { name: 'agents', scopes: ['runs'] } })).json()) as {
    key: string;
  };
  await using limited = new OpenClaw({ baseURL: gateway.url, token: created.key });
  await assert.rejects(limited.runs.get(run.id), { code: 'run_not_found' });
  await assert.rejects(limited.sessions.list(), { code: 'forbidden' });
  await assert.rejects(limited.chat.completions.create({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say Hi.' }] }), {
    code: 'forbidden',
  });
  const own = await limited.runs.create({ input: 'say Mine.' });
  assert.equal((await collect(limited.runs.events(own.id))).at(-1)?.kind, 'run.finished');
  await openclaw.sessions.delete('agent:main:main');
  await assert.rejects(openclaw.sessions.get('agent:main:main'), { code: 'session_not_found' });
  const description = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { openapi: string };
  assert.equal(description.openapi, '3.1.0');
});

test('a limit of money that cannot be kept is told at the start, and refuses runs with the remedy', async () => {
  const models = [{ id: 'unpriced' }, { id: 'free', cost: { input: 0, output: 0 } }];
  const local = { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', models };
  const entries = { careful: { model: 'local/unpriced', limits: { usd: 2 } }, usual: { model: 'local/unpriced' } };
  await using gateway = await startTestGateway({ settings: { models: { providers: { local } }, agents: { entries } } });
  await gateway.running.prepared;
  const told = gateway.logLines.filter(({ message }) => /limit of money/.test(String(message)));
  assert.deepEqual(
    told.map(({ level, agent }) => [level, agent]),
    [
      ['info', 'main'],
      ['warn', 'careful'],
      ['info', 'usual'],
    ],
  );
  await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
  const refused = { code: 'price_unknown', status: 400, hint: /`cost`/ };
  await assert.rejects(openclaw.runs.create({ input: 'hi', agent: 'careful' }), refused);
  await assert.rejects(openclaw.runs.create({ input: 'hi', agent: 'usual', limits: { usd: 1 } }), refused);
  const { limits } = await openclaw.runs.create({ input: 'hi', agent: 'careful', model: 'local/free' });
  assert.deepEqual([limits.usd, limits.pricedOnly], [2, true]);
});

test('a gateway that stops ends event streams at once, and does not wait for them', async () => {
  const gateway = await startTestGateway();
  await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken, patienceMs: 1 });
  const { run } = (await (await gateway.request('/v1/runs/open', { json: { key: 'waits', input: 1 } })).json()) as { run: { id: string } };
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const _event of openclaw.runs.events(run.id)) resolve();
  })();
  await begun;
  const ended = assert.rejects(watching);
  await gateway[Symbol.asyncDispose]();
  await ended;
});

test('commands trust the certificate that the gateway of their state directory made for itself', async () => {
  await using gateway = await startTestGateway({ settings: { gateway: { tls: { enabled: true } } } });
  const { stateDirectory } = gateway;
  const io = { stdout: { write: () => true }, stderr: { write: () => true } };
  const env = { HOME: stateDirectory, OPENCLAW_STATE_DIR: stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken };
  const said = await createUseOpenClaw({ ...io, env })(async ({ runs }) => {
    const { id } = await runs.create({ input: 'say Safe.' });
    return (await collect(runs.events(id))).flatMap((event) => (event.kind === 'step.delta' ? [event.text] : [])).join('');
  });
  assert.match(gateway.url, /^https:/);
  assert.equal(said, 'Safe.');
});

test('openclaw agent gives its whole answer although the gateway was killed in the middle of it', async () => {
  await using first = await startProgram();
  const { url, token } = await first.ready();
  const { port } = new URL(url);
  await using agent = await startProgram({
    home: first.home,
    args: ['agent', '--message', 'wait 1s\nsay One two three.', '--session', 'main'],
  });
  await untilAsked(url, token);
  first.child.kill('SIGKILL');
  await first.exited();
  await using second: Program = await startProgram({ home: first.home, env: { OPENCLAW_GATEWAY_PORT: port } });
  await second.ready();
  const { code } = await agent.exited();
  assert.equal(code, 0, agent.stderr());
  assert.equal(agent.stdout(), 'One two three.\n', agent.stderr());
});

/** Until a model is being asked. */
async function untilAsked(url: string, token: string): Promise<void> {
  await using openclaw = new OpenClaw({ baseURL: url, token });
  for (;;) {
    const [run] = (await openclaw.runs.list()).data;
    if (!run) continue;
    for await (const event of openclaw.runs.events(run.id)) if (event.kind === 'step.started') return;
  }
}
