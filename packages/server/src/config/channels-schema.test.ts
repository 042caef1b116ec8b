import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createFolder } from './folder.fixture.ts';

const schemaHint = 'docs/config.md and `openclaw config schema` say what is accepted.';

const cases: readonly {
  readonly title: string;
  readonly text: string;
  readonly says: readonly string[];
}[] = [
  {
    title: 'a webhook without a secret',
    text: '{ channels: { webhook: { entries: { ci: {} } } } }',
    says: [`openclaw.json:1:41: channels.webhook.entries.ci.secrets is missing; it must be a list that is not empty. ${schemaHint}`],
  },
  {
    title: 'a webhook with no secret',
    text: '{ channels: { webhook: { entries: { ci: { secrets: [] } } } } }',
    says: [`openclaw.json:1:52: channels.webhook.entries.ci.secrets must be a list that is not empty, not an empty list. ${schemaHint}`],
  },
  ...['short', 'whsec_c2hvcnQ=', `whsec_${'-'.repeat(40)}`].map((secret) => ({
    title: `a secret of a webhook that could be guessed, or is none: ${secret}`,
    text: `{ channels: { webhook: { entries: { ci: { secrets: ['${secret}'] } } } } }`,
    says: [
      `openclaw.json:1:53: channels.webhook.entries.ci.secrets[0] must be 'whsec_' and at least 24 bytes in base64, or a text of at least 24 visible ASCII characters; what stands there is not shown. ${schemaHint}`,
    ],
  })),
  {
    title: 'a webhook with two conversations, for an agent with a slip',
    text: `{ channels: { webhook: { entries: { ci: { secrets: ['${'s'.repeat(24)}'], agent: 'mian', session: 'a', sessionField: 'b' } } } } }`,
    says: [
      "openclaw.json:1:89: channels.webhook.entries.ci.agent names the agent mian, which does not exist. Did you mean 'main'?",
      'openclaw.json:1:125: channels.webhook.entries.ci has both session and sessionField. Keep one of the two.',
    ],
  },
  {
    title: 'a receiver of deliveries with a password in its address',
    text: `{ channels: { webhook: { entries: { ci: { secrets: ['${'s'.repeat(24)}'], deliver: { url: 'https://a:b@c.example', secrets: ['${'t'.repeat(24)}'] } } } } } }`,
    says: [
      `openclaw.json:1:98: channels.webhook.entries.ci.deliver.url must be an http or https address without name, password and fragment, not "https://a:b@c.example". ${schemaHint}`,
    ],
  },
  {
    title: 'an address of a receiver that is none, and a network that is none',
    text: `{ channels: { webhook: { entries: { ci: { secrets: ['${'s'.repeat(24)}'], deliver: { url: 'http://x:99999', secrets: ['${'t'.repeat(24)}'], privateAddresses: ['10.0.0.0/33', 'ten'] } } } } } }`,
    says: [
      `openclaw.json:1:98: channels.webhook.entries.ci.deliver.url is not an address. ${schemaHint}`,
      `openclaw.json:1:174: channels.webhook.entries.ci.deliver.privateAddresses[0] has a prefix that is too long: 10.0.0.0/33. ${schemaHint}`,
      `openclaw.json:1:189: channels.webhook.entries.ci.deliver.privateAddresses[1] is not an address: ten. ${schemaHint}`,
    ],
  },
];

for (const { title, text, says } of cases) {
  test(`refused with its words: ${title}`, async (t) => {
    const folder = createFolder(t, { 'openclaw.json': text });
    assert.deepEqual(await folder.mistakes(), says);
  });
}

test('secrets of webhooks are referred to as any other, several too, and are known as secrets', async (t) => {
  const folder = createFolder(t, {
    'openclaw.json': `{ channels: { webhook: { entries: { ci: {
      secrets: ['\${OLD_SECRET}', { $secret: { file: 'next-secret' } }],
      deliver: { url: 'https://a.example/told', secrets: [{ $secret: { env: 'OUT_SECRET' } }] },
    } } } } }`,
    'next-secret': 'the-next-secret-of-the-senders\n',
  });
  const env = { OLD_SECRET: 'the-old-secret-of-the-senders', OUT_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
  const { settings, secrets, secretFiles } = await folder.load({ env });
  const { ci } = settings.channels.webhook.entries;
  assert.deepEqual(ci?.secrets, [env.OLD_SECRET, 'the-next-secret-of-the-senders']);
  assert.deepEqual(ci.deliver?.secrets, [env.OUT_SECRET]);
  const path = 'channels.webhook.entries.ci';
  assert.deepEqual([...secrets.keys()], [`${path}.secrets[0]`, `${path}.secrets[1]`, `${path}.deliver.secrets[0]`]);
  assert.deepEqual([...secretFiles.keys()], [`${path}.secrets[1]`]);
});
