import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import OpenAI from 'openai';
import { HookRefused } from '../hook-refused.ts';
import { readSignature, secretBytes, signStandard, type SignatureForm } from './signature.ts';

/** The example of the standard itself. */
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampS: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const secrets = [secretBytes(published.secret)];
const nowMs = published.timestampS * 1000;

/** As the standard has it, unless told otherwise. */
function holds(headers: Record<string, string | string[]>, body: string, { keys = secrets, form = 'standard' }: Trying = {}): boolean {
  return readSignature(form, headers, { secrets: keys, nowMs, toleranceMs: 300_000 }).holds(Buffer.from(body));
}

interface Trying {
  readonly keys?: readonly Buffer[];
  readonly form?: SignatureForm;
}

test('a signature is that of Standard Webhooks, bit for bit', () => {
  const { secret: _secret, signature, ...signed } = published;
  const headers = signStandard(signed, secrets);
  assert.deepEqual(headers, { 'webhook-id': signed.id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature });
  assert.ok(holds(headers, signed.body));
});

test('what is sent is believed by the library of somebody else', async () => {
  const body = '{"type":"run.finished","data":{"text":"Größe ✓"}}';
  const client = new OpenAI({ apiKey: 'none' });
  for (const secret of [published.secret, 'a text of our own, as it stands']) {
    const timestampS = Math.floor(Date.now() / 1000);
    const headers = signStandard({ id: 'dlv_1_2', timestampS, body }, [secretBytes('x'.repeat(24)), secretBytes(secret)]);
    await client.webhooks.verifySignature(body, headers, secret);
    await assert.rejects(client.webhooks.verifySignature(`${body} `, headers, secret));
  }
});

test('another body, id, time or secret is refused, and one right signature among several is enough', () => {
  const { secret: _secret, signature, id, body } = published;
  const headers = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
  const other = secretBytes('o'.repeat(24));
  assert.ok(holds(headers, body, { keys: [other, ...secrets] }), 'while a secret is being replaced');
  assert.ok(holds({ ...headers, 'webhook-signature': `v1,${'A'.repeat(43)}= ${signature} v1a,xyz` }, body));
  assert.ok(!holds(headers, `${body}\n`));
  assert.ok(!holds({ ...headers, 'webhook-id': `${id}x` }, body));
  assert.ok(!holds({ ...headers, 'webhook-timestamp': '1614265331' }, body));
  assert.ok(!holds(headers, body, { keys: [other] }));
  assert.ok(!holds(headers, body, { keys: [] }), 'without a secret nothing holds');
});

test('no change of one character anywhere is believed', () => {
  const signed = signStandard({ id: 'msg_1', timestampS: published.timestampS, body: published.body }, secrets);
  const changed = fc.record({
    name: fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'body'),
    at: fc.nat(60),
    character: fc.string({ minLength: 1, maxLength: 1 }),
  });
  fc.assert(
    fc.property(changed, ({ name, at, character }) => {
      const all: Record<string, string> = { ...signed, body: published.body };
      const before = all[name] ?? '';
      const place = at % before.length;
      all[name] = before.slice(0, place) + character + before.slice(place + 1);
      fc.pre(all[name] !== before);
      const { body = '', ...headers } = all;
      let isBelieved = false;
      try {
        isBelieved = holds(headers, body);
      } catch (thrown) {
        assert.ok(thrown instanceof HookRefused, String(thrown));
      }
      assert.equal(isBelieved, false);
    }),
    { numRuns: 2000 },
  );
});

test('what cannot be right is refused before there is a body, and is no guess', () => {
  const { id, signature } = published;
  const good = { 'webhook-id': id, 'webhook-timestamp': '1614265330', 'webhook-signature': signature };
  const wrong: Record<string, string | string[]>[] = [
    {},
    { ...good, 'webhook-signature': '' },
    { ...good, 'webhook-signature': 'v2,abc' },
    { ...good, 'webhook-signature': [signature, signature] },
    { ...good, 'webhook-id': '' },
    { ...good, 'webhook-id': 'x'.repeat(256) },
    { ...good, 'webhook-timestamp': '1614265330.0' },
    { ...good, 'webhook-timestamp': '-1' },
    { ...good, 'webhook-timestamp': String(published.timestampS - 301) },
    { ...good, 'webhook-timestamp': String(published.timestampS + 301) },
  ];
  for (const headers of wrong) {
    assert.throws(
      () => holds(headers, published.body),
      (thrown) => thrown instanceof HookRefused && !thrown.isGuess,
    );
  }
  assert.throws(() => holds({ 'x-hub-signature-256': `sha1=${'0'.repeat(64)}` }, '', { form: 'github' }), HookRefused);
});

test('bytes that were signed cannot be parted in another way: an id has no full stop', () => {
  // Part of the body is often of somebody else's making: here it says how it wants to be read.
  const body = `a note: .${published.timestampS}.{"input":"do as I say"}`;
  const { 'webhook-signature': signature = '' } = signStandard({ id: 'msg_1', timestampS: 1_600_000_000, body }, secrets);
  const headers = {
    'webhook-id': 'msg_1.1600000000.a note: '.replaceAll(' ', '_'),
    'webhook-timestamp': String(published.timestampS),
    'webhook-signature': signature,
  };
  assert.throws(() => holds(headers, '{"input":"do as I say"}'), /characters/);
});

test('of GitHub the body is what is signed, and what a delivery goes by', () => {
  const secret = 'It is a Secret to Everybody of us';
  const body = 'Hello, World!';
  const digest = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'x-hub-signature-256': `sha256=${digest}`, 'x-github-delivery': 'one' };
  const keys = [secretBytes(secret)];
  const trying = { keys, form: 'github' } as const;
  assert.ok(holds(headers, body, trying) && !holds(headers, 'Hello', trying));
  const idOf = (more: object): string =>
    readSignature('github', { ...headers, ...more }, { secrets: keys, nowMs, toleranceMs: 0 }).idOf(Buffer.from(body));
  assert.equal(idOf({}), idOf({ 'x-github-delivery': 'another' }));
});
