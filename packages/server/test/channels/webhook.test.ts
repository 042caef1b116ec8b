/** Webhooks in the program itself: what comes in becomes one run, what it comes to is told, over failures, duplicates and the death of the process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { DeliveryView } from '@openclaw/protocol';
import { startReceiver, type Receiver } from '../../src/channels/webhook/receiver.fixture.ts';
import { answerOf, createHome, openclaw, until } from '../complaints/operator.ts';
import { startProgram, type Program } from '../harness/program.ts';
import { inSecret, outSecret, postHook, runsOf, tells, writeWebhooks } from './hooks.ts';

const timeout = 120_000;

async function kill({ child }: Program): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

async function deliveriesOf(home: string, channel: string): Promise<readonly DeliveryView[]> {
  const { deliveries } = JSON.parse(await answerOf(home, ['channels', 'deliveries', channel, '-o', 'json'])) as {
    deliveries: DeliveryView[];
  };
  return deliveries;
}

const heardTypes = ({ heard }: Receiver): string[] => heard.map(({ body }) => body.type);

test('a signed request becomes a run, and a receiver that fails first is told of its end under one id', { timeout }, async () => {
  await using receiver = await startReceiver(outSecret);
  receiver.answer = (response, nth) => void response.writeHead(nth < 3 ? 503 : 204).end();
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: [inSecret], session: 'builds', deliver: tells(receiver.url) } });
  await using program = await startProgram({ home: home.path });
  const at = await program.ready();
  const { status, body } = await postHook(at.url, 'ci');
  assert.deepEqual([status, body.duplicate], [202, false]);
  await until('the receiver takes it', () => receiver.heard.length === 3);
  const [run, ...others] = await runsOf(at);
  assert.deepEqual(
    [run?.id, run?.origin, run?.sessionKey, others.length],
    [body.runId, { kind: 'webhook', by: 'channel:ci' }, 'agent:main:builds', 0],
  );
  assert.equal(new Set(receiver.heard.map(({ id }) => id)).size, 1);
  const told = receiver.heard[2]?.body;
  assert.deepEqual([told?.type, told?.data['runId'], told?.data['text'], receiver.forged], ['run.finished', run?.id, 'Done.', 0]);
  await until('it is known to be delivered', async () => (await deliveriesOf(home.path, 'ci'))[0]?.state === 'delivered');
  assert.equal((await deliveriesOf(home.path, 'ci'))[0]?.attempts, 3);
});

test(
  'after kill -9 right after the answer the run goes on and its end is told; the same delivery is still the same run',
  { timeout },
  async () => {
    await using receiver = await startReceiver(outSecret);
    using home = createHome();
    writeWebhooks(home.path, { ci: { secrets: [inSecret], deliver: tells(receiver.url) } });
    await using first = await startProgram({ home: home.path });
    const { url } = await first.ready();
    const accepted = await postHook(url, 'ci', { body: 'wait 1s\nsay Late.' });
    await kill(first);
    assert.equal(receiver.heard.length, 0);
    await using second = await startProgram({ home: home.path });
    const at = await second.ready();
    const again = await postHook(at.url, 'ci', { body: 'wait 1s\nsay Late.' });
    assert.deepEqual([again.status, again.body], [202, { runId: accepted.body.runId, duplicate: true }]);
    await until('its end is told', () => receiver.heard.length > 0);
    assert.deepEqual([receiver.heard[0]?.body.data['text'], (await runsOf(at)).length], ['Late.', 1]);
  },
);

test(
  'after kill -9 between the end of a run and its delivery the delivery is made by the next process, under its id',
  { timeout },
  async () => {
    await using receiver = await startReceiver(outSecret);
    using home = createHome();
    writeWebhooks(home.path, { ci: { secrets: [inSecret], deliver: tells(receiver.url) } });
    await using first = await startProgram({ home: home.path });
    // The attempt is under way when the process dies, and nobody has answered it.
    receiver.answer = () => {};
    await postHook((await first.ready()).url, 'ci');
    await until('it is being told', () => receiver.heard.length === 1);
    await kill(first);
    receiver.answer = (response) => void response.writeHead(204).end();
    await using second = await startProgram({ home: home.path });
    await second.ready();
    await until('the next one tells it', () => receiver.heard.length === 2);
    assert.equal(receiver.heard[0]?.id, receiver.heard[1]?.id);
    assert.deepEqual(receiver.heard[0]?.body, receiver.heard[1]?.body);
    await until('it is known to be delivered', async () => (await deliveriesOf(home.path, 'ci'))[0]?.state === 'delivered');
    await kill(second);
    await using third = await startProgram({ home: home.path });
    const at = await third.ready();
    await postHook(at.url, 'ci', { id: 'msg_2' });
    await until('the next run is told', () => receiver.heard.length === 3);
    assert.notEqual(receiver.heard[2]?.id, receiver.heard[0]?.id, 'and what was delivered is not sent again');
  },
);

test('what nobody signed is refused in one shape; a body without end, and fields that are not there, too', { timeout }, async () => {
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: [inSecret], inputField: 'text', sessionField: 'room' } });
  await using program = await startProgram({ home: home.path });
  const at = await program.ready();
  const wrong = await postHook(at.url, 'ci', { secret: 'a secret that nobody has ever set' });
  const unknown = await postHook(at.url, 'no');
  const bare = await postHook(at.url, 'ci', { headers: { 'webhook-signature': '' } });
  const shape = (answered: typeof wrong): string =>
    JSON.stringify([answered.status, answered.body]).replaceAll(/channel (ci|no)/g, 'channel X');
  assert.equal(wrong.status, 401);
  assert.equal(new Set([wrong, unknown, bare].map(shape)).size, 1, shape(unknown));
  assert.equal((await postHook(at.url, 'ci', { body: 'x'.repeat(1_048_577) })).status, 413);
  const noField = await postHook(at.url, 'ci', { body: '{"text":"say Hi."}' });
  assert.equal(noField.status, 400);
  assert.match(noField.body.error?.message ?? '', /^room: must be a text or a number/);
  assert.equal((await postHook(at.url, 'ci', { body: '{"text":"say Hi.","room":"one"}' })).status, 202);
  assert.deepEqual(
    (await runsOf(at)).map(({ input, sessionKey }) => [input, sessionKey]),
    [['say Hi.', 'agent:main:webhook:ci:one']],
  );
  assert.equal((await fetch(`${at.url}/hooks/ci`)).status, 405);
});

test('what is given up is dead, makes the gateway degraded, and is sent again by a command', { timeout }, async () => {
  await using receiver = await startReceiver(outSecret);
  receiver.answer = (response) => void response.writeHead(500).end();
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: [inSecret], deliver: tells(receiver.url, { attempts: 2 }) } });
  await using program = await startProgram({ home: home.path });
  const { url, token } = await program.ready();
  await postHook(url, 'ci');
  await until('it is given up', async () => (await deliveriesOf(home.path, 'ci'))[0]?.state === 'dead');
  const health = (): Promise<{ checks: { channels: { state: string; detail?: string } } }> =>
    fetch(`${url}/health`, { headers: { authorization: `Bearer ${token}` } }).then(async (answer) => (await answer.json()) as never);
  await until('health says so', async () => (await health()).checks.channels.state === 'degraded');
  assert.match((await health()).checks.channels.detail ?? '', /^ci: 1 deliveries were given up/);
  assert.match(await answerOf(home.path, ['channels', 'status']), /^ci +running +\d.* +0 +1 +the receiver answered 500/m);
  assert.match(await answerOf(home.path, ['channels', 'list']), /^ci +webhook +\/hooks\/ci +main +http:\/\/127\.0\.0\.1:\d+\s*$/m);
  const [dead] = await deliveriesOf(home.path, 'ci');
  receiver.answer = (response) => void response.writeHead(204).end();
  assert.match(await answerOf(home.path, ['channels', 'redeliver', dead?.id ?? '']), /is sent again/);
  await until('it is delivered', async () => (await deliveriesOf(home.path, 'ci'))[0]?.state === 'delivered');
  await until('health is well again', async () => (await health()).checks.channels.state === 'ok');
  assert.match(await answerOf(home.path, ['audit', '--action', 'delivery.']), /delivery\.redelivered +dlv_/);
  const missing = await openclaw(home.path, ['channels', 'redeliver', 'dlv_none']);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no delivery dlv_none/);
});

test('a run that waits for a person says so, and its end comes after somebody has answered', { timeout }, async () => {
  await using receiver = await startReceiver(outSecret);
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: [inSecret], deliver: tells(receiver.url) } });
  await using program = await startProgram({ home: home.path });
  const at = await program.ready();
  const { body } = await postHook(at.url, 'ci', { body: 'tool write {"path":"note.txt","content":"x"}\nsay Written.' });
  await until('somebody is asked', () => receiver.heard.length === 1);
  const [asked] = receiver.heard;
  const waitsFor = asked?.body.data['waitsFor'] as { kind: string; tool: string; approvalId: string };
  assert.deepEqual([asked?.body.type, waitsFor.kind, waitsFor.tool], ['run.waiting', 'approval', 'write']);
  await until('it waits', async () => (await runsOf(at))[0]?.status === 'parked');
  await answerOf(home.path, ['runs', 'approve', body.runId ?? '']);
  await until('its end is told', () => receiver.heard.length === 2);
  assert.deepEqual([heardTypes(receiver), receiver.heard[1]?.body.data['text']], [['run.waiting', 'run.finished'], 'Written.']);
});

test('a secret that is rotated in the file holds as soon as it is taken up, and the old one no more', { timeout }, async () => {
  const next = 'the-next-secret-of-the-senders';
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: [inSecret] } });
  await using program = await startProgram({ home: home.path });
  const { url } = await program.ready();
  writeWebhooks(home.path, { ci: { secrets: [inSecret, next] } });
  await until('both hold', async () => (await postHook(url, 'ci', { id: 'by-next', secret: next })).status === 202);
  assert.equal((await postHook(url, 'ci', { id: 'by-old' })).status, 202);
  writeWebhooks(home.path, { ci: { secrets: [next] } });
  await until('the old one is refused', async () => (await postHook(url, 'ci', { id: 'by-old-2' })).status === 401);
  assert.equal((await postHook(url, 'ci', { id: 'by-next-2', secret: next })).status, 202);
  writeWebhooks(home.path, {});
  await until('the channel is gone', async () => (await postHook(url, 'ci', { id: 'gone', secret: next })).status === 401);
});

test('while the configuration has to be mended nobody is told that a channel is gone, but to come again', { timeout }, async () => {
  using home = createHome();
  writeWebhooks(home.path, { ci: { secrets: ['short'] } });
  await using program = await startProgram({ home: home.path });
  const { url } = await program.ready();
  const refused = await postHook(url, 'ci');
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
  assert.doesNotMatch(JSON.stringify(refused.body), /secret|openclaw\.json/);
  writeWebhooks(home.path, { ci: { secrets: [inSecret] } });
  await until('it is mended', async () => (await postHook(url, 'ci')).status === 202);
});

test('where no channel is configured nothing of channels is loaded', { timeout }, async () => {
  const watch = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (url.includes('/src/channels/') && process.stderr.write('loaded ' + url + '\\n'), next(url, context)) });`;
  const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(watch)}"` };
  for (const entries of [{}, { ci: { secrets: [inSecret] } }]) {
    using home = createHome();
    writeWebhooks(home.path, entries);
    await using program = await startProgram({ home: home.path, env });
    const { url } = await program.ready();
    assert.equal((await postHook(url, 'none')).status, 401);
    assert.equal(/loaded .*\/src\/channels\//.test(program.stderr()), 'ci' in entries, program.stderr());
  }
});
