/** Signatures against those that AWS publishes, and against one that AWS's own client made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../fake-clock.ts';
import { createAwsSigner, type SignableRequest } from './signer.ts';

const suiteKeys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** The scope, date and keys of AWS's Signature Version 4 test suite. */
const suite = createAwsSigner({
  region: 'us-east-1',
  service: 'service',
  credentials: () => Promise.resolve(suiteKeys),
  clock: createFakeClock({ nowMs: Date.parse('2015-08-30T12:36:00Z') }),
});

function request(fields: Partial<SignableRequest>): SignableRequest {
  return { method: 'POST', origin: 'https://example.amazonaws.com', path: '/', headers: {}, body: undefined, ...fields };
}

test("signatures are those of AWS's test suite", async () => {
  // Constructed from the suite's published requests and results: get-vanilla, get-vanilla-query-order-key-case, post-vanilla.
  const rows: readonly (readonly [Partial<SignableRequest>, string])[] = [
    [{ method: 'GET' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [{ method: 'GET', path: '/?Param2=value2&Param1=value1' }, 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
    [{ method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ];
  for (const [fields, signature] of rows) {
    const { headers } = await suite(request(fields));
    const scope = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date';
    assert.equal(headers['authorization'], `${scope}, Signature=${signature}`);
    assert.equal(headers['x-amz-date'], '20150830T123600Z');
  }
});

test("a request to Bedrock is signed as AWS's own client signs it", async () => {
  // Recorded from @aws-sdk/client-bedrock-runtime 3.1163.0 with the same keys and the clock held still:
  // new BedrockRuntimeClient({ region: 'eu-west-1', requestHandler: <one that keeps the request> }).send(new ConverseStreamCommand(…))
  const recorded = {
    path: '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0/converse-stream',
    headers: {
      'content-type': 'application/json',
      'content-length': '104',
      'x-amz-user-agent': 'aws-sdk-js/3.1162.0',
      'amz-sdk-invocation-id': '6961d6d0-ecae-4ada-9e6d-f8d581dee45e',
      'amz-sdk-request': 'attempt=1; max=1',
      'x-amz-content-sha256': '47c834e09140e9098c32f5756406c8c56f23a9b14922dab7fb3e0e08a9026b49',
    },
    body: '{"messages":[{"role":"user","content":[{"text":"Grüße, 世界"}]}],"inferenceConfig":{"maxTokens":10}}',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-user-agent, Signature=3ad5d4c621c314cfc1f108d897e3f1023733347c0a27f6f3e6a00d21339c7903',
  };
  const sign = createAwsSigner({
    region: 'eu-west-1',
    service: 'bedrock',
    credentials: () => Promise.resolve({ ...suiteKeys, sessionToken: 'example-session-token' }),
    clock: createFakeClock({ nowMs: Date.parse('2026-01-02T03:04:05Z') }),
  });
  const { path, headers, body, authorization } = recorded;
  const origin = 'https://bedrock-runtime.eu-west-1.amazonaws.com';
  const signed = await sign(request({ origin, path, headers, body: Buffer.from(body) }));
  assert.equal(signed.headers['authorization'], authorization);
  assert.equal(signed.headers['x-amz-security-token'], 'example-session-token');
});

test('the signature covers body, path and headers, and replaces a credential that was there', async () => {
  const base = request({
    path: '/a',
    headers: { 'content-type': 'application/json', authorization: 'Bearer old' },
    body: Buffer.from('{}'),
  });
  const signatureOf = async (fields: Partial<SignableRequest>) => (await suite({ ...base, ...fields })).headers['authorization'];
  const signatures = await Promise.all([
    signatureOf({}),
    signatureOf({ body: Buffer.from('{ }') }),
    signatureOf({ path: '/b' }),
    signatureOf({ origin: 'https://other.amazonaws.com' }),
    signatureOf({ headers: { 'content-type': 'text/plain' } }),
  ]);
  assert.equal(new Set(signatures).size, signatures.length);
  for (const signature of signatures) assert.match(signature ?? '', /^AWS4-HMAC-SHA256 /);
  assert.equal(
    await signatureOf({ headers: { ...base.headers, 'accept-encoding': 'identity' } }),
    signatures[0],
    'what proxies rewrite is not signed',
  );
});

test('what is sent is what was asked for, with the headers of the signature added', async () => {
  const asked = request({ headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') });
  const { headers, ...signed } = await suite(asked);
  assert.deepEqual(signed, { method: 'POST', origin: asked.origin, path: '/', body: asked.body });
  assert.deepEqual(Object.keys(headers).toSorted(), ['authorization', 'content-type', 'x-amz-date']);
});

test('credentials are asked for with every request, so that they may change', async () => {
  let turn = 0;
  const sign = createAwsSigner({
    region: 'us-east-1',
    service: 'bedrock',
    credentials: () => Promise.resolve({ accessKeyId: `KEY${++turn}`, secretAccessKey: 'secret' }),
    clock: createFakeClock(),
  });
  const first = await sign(request({}));
  const second = await sign(request({}));
  assert.match(first.headers['authorization'] ?? '', /Credential=KEY1\//);
  assert.match(second.headers['authorization'] ?? '', /Credential=KEY2\//);
});
