import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { channelSuite, type Outside, type Said } from '../channel.suite.ts';
import type { Channel, Notice } from '../contract.ts';
import { HookRefused } from '../hook-refused.ts';
import { startReceiver } from './receiver.fixture.ts';
import { secretBytes, signStandard } from './signature.ts';
import { createWebhook, type WebhookSettings } from './webhook.ts';

const inSecret = 'secret-of-those-who-send-to-us';
const outSecret = 'secret-of-those-whom-we-tell-it';
const notStopped = new AbortController().signal;

const retry = { timeoutMs: 300, attempts: 3, maxAgeMs: 60_000, baseDelayMs: 10, maxDelayMs: 100 };

function settingsFor(url: string | undefined, more: Partial<WebhookSettings> = {}): WebhookSettings {
  const deliver = url === undefined ? {} : { deliver: { url, secrets: [outSecret], privateAddresses: ['127.0.0.1'], ...retry } };
  return { secrets: [inSecret], signature: 'standard', toleranceMs: 300_000, agent: 'main', ...deliver, ...more };
}

interface Sent {
  readonly id: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
  readonly secret?: string;
}

/** What the channel answers, or throws, to a request that is signed so. */
async function send(channel: Channel, { id, body, secret = inSecret, headers }: Sent): Promise<{ isAccepted: boolean; told: string }> {
  const timestampS = Math.floor(Date.now() / 1000);
  const signed = headers ?? signStandard({ id, timestampS, body }, [secretBytes(secret)]);
  try {
    const answer = await channel.receive?.({ headers: signed, address: '203.0.113.7', readBody: async () => Buffer.from(body) });
    return { isAccepted: answer?.status === 202, told: JSON.stringify(answer?.body) };
  } catch (thrown) {
    assert.ok(thrown instanceof HookRefused || thrown instanceof OpenClawError, String(thrown));
    return { isAccepted: false, told: thrown.name + (thrown instanceof OpenClawError ? thrown.message : '') };
  }
}

async function openOutside(): Promise<Outside> {
  const receiver = await startReceiver(outSecret);
  const bodyOf = ({ text }: Said): string => JSON.stringify({ text });
  const outside: Outside = {
    create: () => createWebhook({ id: 'ci', settings: settingsFor(receiver.url), clock: systemClock }),
    say: (channel, said) => send(channel, { id: said.id, body: bodyOf(said) }),
    forge: (channel, said) => send(channel, { id: said.id, body: bodyOf(said), secret: 'a secret that nobody has ever set' }),
    get heard() {
      return receiver.heard
        .filter((_one, index) => answered[index] === 'well')
        .map(({ id, body }) => ({ id, text: String(body.data['text']) }));
    },
    answer: 'well',
    secrets: [inSecret, outSecret],
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
  const answered: string[] = [];
  receiver.answer = (response) => {
    answered.push(outside.answer);
    if (outside.answer === 'never') return;
    response.writeHead({ well: 200, badly: 500, gone: 410 }[outside.answer]).end('so be it');
  };
  return outside;
}

channelSuite('webhook', openOutside);

const notice: Notice = {
  ...{ type: 'run.finished', runId: 'run_1', sessionKey: 'agent:main:main', agentId: 'main', seq: 9 },
  ...{ atMs: 1_700_000_000_000, text: 'Done.' },
};

async function attempt(url: string, more: object = {}, clock = systemClock) {
  const settings = settingsFor(url);
  const channel = createWebhook({ id: 'ci', settings: { ...settings, deliver: { ...settings.deliver!, ...more } }, clock });
  return channel.outlet?.send({ id: 'dlv_1', notice }, notStopped);
}

test('a delivery has what it speaks of in the form of the standard, and a time of now in each attempt', async () => {
  await using receiver = await startReceiver(outSecret);
  await attempt(receiver.url);
  const [heard] = receiver.heard;
  assert.deepEqual(heard?.body, {
    ...{ type: 'run.finished', timestamp: '2023-11-14T22:13:20.000Z' },
    data: { channel: 'ci', runId: 'run_1', sessionKey: 'agent:main:main', agentId: 'main', seq: 9, text: 'Done.' },
  });
  assert.equal(heard?.headers['content-type'], 'application/json');
  assert.ok(Math.abs(Number(heard?.headers['webhook-timestamp']) * 1000 - Date.now()) < 10_000);
  assert.match(heard?.headers['user-agent'] ?? '', /^OpenClaw\/\d/);
});

test('while a secret is being replaced, deliveries have the signatures of both', async () => {
  await using receiver = await startReceiver(outSecret);
  assert.deepEqual(await attempt(receiver.url, { secrets: ['the-next-secret-of-the-receiver', outSecret] }), { kind: 'delivered' });
  assert.match(String(receiver.heard[0]?.headers['webhook-signature']), /^v1,\S+ v1,\S+$/);
});

test('a redirect is followed nowhere, and is a failure', async () => {
  await using elsewhere = await startReceiver(outSecret);
  await using receiver = await startReceiver(outSecret);
  receiver.answer = (response) => void response.writeHead(307, { location: elsewhere.url }).end();
  const result = await attempt(receiver.url);
  assert.deepEqual(result, { kind: 'failed', reason: 'the receiver answered 307, and redirects are not followed' });
  assert.equal(elsewhere.heard.length + elsewhere.forged, 0);
});

test('an address that is not public is not reached unless the operator allows it, by number and by name', async () => {
  await using receiver = await startReceiver(outSecret);
  for (const url of [
    receiver.url,
    receiver.url.replace('127.0.0.1', 'localhost'),
    receiver.url.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
  ]) {
    const result = await attempt(url, { privateAddresses: ['10.0.0.0/8'] });
    assert.equal(result?.kind, 'refused', url);
    assert.match(result?.kind === 'refused' ? result.reason : '', /not a public address.*deliver\.privateAddresses/);
  }
  assert.equal(receiver.heard.length + receiver.forged, 0);
});

test('an answer without end is not read to its end, and counts by its status', async () => {
  await using receiver = await startReceiver(outSecret);
  receiver.answer = (response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  };
  assert.deepEqual(await attempt(receiver.url), { kind: 'delivered' });
  receiver.answer = (response) => void response.writeHead(200).write('and then silence');
  assert.deepEqual(await attempt(receiver.url), { kind: 'delivered' });
});

test('a receiver that asks to be left alone is heard', async () => {
  await using receiver = await startReceiver(outSecret);
  receiver.answer = (response) => void response.writeHead(503, { 'retry-after': '120' }).end();
  assert.deepEqual(await attempt(receiver.url), { kind: 'failed', reason: 'the receiver answered 503', retryAfterMs: 120_000 });
});

test('who is not there is a failure with the reason, and without what stands in the address', async () => {
  await using receiver = await startReceiver(outSecret);
  const { url } = receiver;
  await receiver[Symbol.asyncDispose]();
  const result = await attempt(url);
  assert.match(result?.kind === 'failed' ? result.reason : '', /ECONNREFUSED/);
  assert.doesNotMatch(JSON.stringify(result), /told\?by/);
});

test('who rotates a secret away is believed by it no more, and by both while both stand', async () => {
  const next = 'the-next-secret-of-the-senders';
  const accepted: string[] = [];
  const intake = { accept: async ({ id }: { id: string }) => (accepted.push(id), { runId: 'run_1', isKnown: false }) };
  for (const [secrets, outcome] of [
    [[inSecret], [true, false]],
    [
      [inSecret, next],
      [true, true],
    ],
    [[next], [false, true]],
  ] as const) {
    const channel = createWebhook({ id: 'ci', settings: settingsFor(undefined, { secrets }), clock: systemClock });
    await channel.start(intake, notStopped);
    const tries = [inSecret, next].map((secret) => send(channel, { id: 'msg_1', body: 'x', secret }));
    assert.deepEqual(
      (await Promise.all(tries)).map(({ isAccepted }) => isAccepted),
      outcome,
    );
  }
});

test('a signature of long ago or of times to come is refused, however right', async () => {
  const clock = createFakeClock({ nowMs: 1_800_000_000_000 });
  const channel = createWebhook({ id: 'ci', settings: settingsFor(undefined, { toleranceMs: 10_000 }), clock });
  await channel.start({ accept: async () => ({ runId: 'run_1', isKnown: false }) }, notStopped);
  const at = async (apartS: number): Promise<boolean> => {
    const headers = signStandard({ id: 'msg_1', timestampS: 1_800_000_000 + apartS, body: 'x' }, [secretBytes(inSecret)]);
    return (await send(channel, { id: 'msg_1', body: 'x', headers })).isAccepted;
  };
  assert.deepEqual([await at(-11), await at(-10), await at(0), await at(10), await at(11)], [false, true, true, true, false]);
});

test('GitHub is believed by its own signature, its event is told, a ping begins nothing, and the same body is the same delivery', async () => {
  const arrivals: { id: string; input: string }[] = [];
  const channel = createWebhook({ id: 'ci', settings: settingsFor(undefined, { signature: 'github' }), clock: systemClock });
  await channel.start({ accept: async (arrival) => (arrivals.push(arrival), { runId: 'run_1', isKnown: false }) }, notStopped);
  const github = (event: string, delivery: string, body: string): Promise<{ isAccepted: boolean; told: string }> => {
    const digest = createHmac('sha256', inSecret).update(body).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${digest}`, 'x-github-event': event, 'x-github-delivery': delivery };
    return send(channel, { id: '', body, headers });
  };
  assert.deepEqual(await github('ping', 'd0', '{"zen":"…"}'), { isAccepted: false, told: '{"ok":true}' });
  await github('issues', 'd1', '{"action":"opened"}');
  await github('issues', 'd2', '{"action":"opened"}');
  assert.equal(arrivals[0]?.input, 'Event: issues\n\n{"action":"opened"}');
  assert.equal(arrivals[0]?.id, arrivals[1]?.id);
  assert.equal((await send(channel, { id: 'msg_1', body: 'x' })).isAccepted, false, 'and by no other form');
});

test('a body that is still coming when the channel ends is not waited for', async () => {
  const channel = createWebhook({ id: 'ci', settings: settingsFor(undefined), clock: systemClock });
  const ending = new AbortController();
  await channel.start({ accept: async () => ({ runId: 'run_1', isKnown: false }) }, ending.signal);
  const headers = signStandard({ id: 'msg_1', timestampS: Math.floor(Date.now() / 1000), body: 'x' }, [secretBytes(inSecret)]);
  const receiving = channel.receive({ headers, address: '', readBody: () => new Promise(() => {}) });
  const refused = assert.rejects(receiving, { code: 'not_ready' });
  ending.abort(new OpenClawError('not_ready', { details: { reason: 'it is being changed' } }));
  await channel.stop();
  await refused;
});
