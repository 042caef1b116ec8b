/** Frames and bytes as no client would send them, mixed with some that are nearly right. */
import fc from 'fast-check';
import { clientIds, clientModes, operatorScopes } from '@openclaw/protocol';
import { connectParams, testClient } from './raw-client.ts';

export const fuzzMethods = ['echo', 'later', 'accept', 'fail', 'refuse', 'read', 'administer', 'write', 'huge'] as const;

const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>('__proto__', 'constructor', -1, 1e308, 2 ** 53, '\u0000', '\ud800', '', null, [], {}),
);

const nearlyRequest = fc.record(
  {
    type: fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>('req') }, anyValue),
    id: fc.oneof({ weight: 8, arbitrary: fc.string({ minLength: 1, maxLength: 20 }) }, anyValue),
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<unknown>(...fuzzMethods, 'connect') },
      { weight: 1, arbitrary: fc.string() },
      anyValue,
    ),
    params: fc.oneof(fc.dictionary(fc.string(), anyValue) as fc.Arbitrary<unknown>, anyValue),
    traceparent: anyValue,
    expectedProfileId: anyValue,
    [`extra`]: anyValue,
  },
  { requiredKeys: [] },
);

const properRequest = fc.record({
  type: fc.constant('req'),
  id: fc.uuid(),
  method: fc.constantFrom(...fuzzMethods),
  params: fc.dictionary(fc.string(), fc.jsonValue()),
});

const connectRequest = fc
  .record(
    {
      minProtocol: fc.oneof(fc.constantFrom<unknown>(3, 4, 5), anyValue),
      maxProtocol: fc.oneof(fc.constantFrom<unknown>(3, 4, 5), anyValue),
      client: fc.oneof(
        fc.record({
          id: fc.constantFrom(...clientIds),
          version: fc.string(),
          platform: fc.string(),
          mode: fc.constantFrom(...clientModes),
        }),
        anyValue,
      ),
      scopes: fc.oneof(fc.subarray([...operatorScopes]) as fc.Arbitrary<unknown>, anyValue),
      role: fc.oneof(fc.constantFrom<unknown>('operator', 'node', 'worker'), anyValue),
      auth: fc.oneof(fc.record({ token: fc.string() }) as fc.Arbitrary<unknown>, anyValue),
      device: anyValue,
      caps: anyValue,
      modelCatalog: anyValue,
    },
    { requiredKeys: [] },
  )
  .map((changes) => ({ type: 'req', id: 'c', method: 'connect', params: connectParams(changes) }));

const asText = (value: unknown): string => JSON.stringify(value);
/** A text with a piece torn out, as a broken program would send it. */
const torn = fc
  .tuple(fc.oneof(nearlyRequest, properRequest, connectRequest).map(asText), fc.nat(), fc.nat({ max: 20 }))
  .map(([text, at, length]) => text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + length));

/** What goes into one message. */
export const anyMessage: fc.Arbitrary<string | Buffer> = fc.oneof(
  { weight: 4, arbitrary: nearlyRequest.map(asText) },
  { weight: 4, arbitrary: properRequest.map(asText) },
  { weight: 2, arbitrary: connectRequest.map(asText) },
  { weight: 2, arbitrary: torn },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.nat({ max: 400 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
);

/** What goes over the connection below messages. */
export const anyBytes: fc.Arbitrary<Buffer> = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes));

export const properConnect = asText({
  ...{ type: 'req', id: 'c', method: 'connect' },
  params: connectParams({ client: testClient, scopes: ['operator.read'] }),
});
