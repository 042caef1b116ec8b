/** Our checker says what a full one says, of everything that could come as `connect`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { clientIds, clientModes, connectSchema, requestSchema } from '@openclaw/protocol';
import { findFault, sayFault } from './check-shape.ts';

const ajv = new Ajv2020({ strict: false });

const proper = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'cli', version: '2026.9.6', platform: 'linux', deviceFamily: 'Linux', mode: 'cli', instanceId: 'i' },
  caps: ['tool-events'],
  auth: { token: 't' },
  role: 'operator',
  scopes: ['operator.read'],
  permissions: { camera: true },
  device: { id: 'a', publicKey: 'b', signature: 'c', signedAt: 1, nonce: 'd' },
  modelCatalog: { agentId: 'main' },
};

const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>('', 'x'.repeat(300), -1, 0, 1.5, 2_000_000, true, null, [], {}),
);
const paths = [
  'minProtocol',
  'client',
  'client/id',
  'client/version',
  'client/x',
  'caps',
  'caps/0',
  'auth',
  'auth/token',
  'auth/y',
  'role',
];
const more = [
  'scopes/0',
  'permissions',
  'permissions/camera',
  'device',
  'device/signedAt',
  'modelCatalog',
  'modelCatalog/z',
  'toString',
  'pathEnv',
];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A copy in which the value at the path is another, or gone. */
function changed(value: unknown, path: string, change: { readonly to: unknown } | undefined): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  const names = path.split('/');
  const last = names.pop() ?? '';
  const place = names.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), copy);
  if (!isObject(place)) return copy;
  if (change === undefined) delete place[last];
  else place[last] = change.to;
  return copy;
}

for (const [name, schema, sample, places] of [
  ['connect', connectSchema, proper, [...paths, ...more]],
  ['a request', requestSchema, { type: 'req', id: '1', method: 'm' }, ['type', 'id', 'method', 'params', 'traceparent', 'other']],
] as const) {
  test(`what a full checker of JSON Schema takes for ${name}, ours takes, and nothing else`, () => {
    const validate = ajv.compile(schema);
    const changes = fc.array(fc.tuple(fc.constantFrom(...places), fc.option(fc.record({ to: values }), { nil: undefined })), {
      maxLength: 2,
    });
    assert.equal(findFault(schema, sample), undefined);
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(changes, (list) => {
        const value = list.reduce<unknown>((at, [path, change]) => changed(at, path, change), sample);
        const ours = findFault(schema, value) === undefined;
        if (ours) taken += 1;
        else refused += 1;
        assert.equal(ours, validate(value));
      }),
      { numRuns: 2000 },
    );
    assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
  });
}

test('every known client and mode is taken', () => {
  for (const id of clientIds) assert.equal(findFault(connectSchema, { ...proper, client: { ...proper.client, id } }), undefined);
  for (const mode of clientModes) assert.equal(findFault(connectSchema, { ...proper, client: { ...proper.client, mode } }), undefined);
});

test('a fault names its place, and quotes a stranger briefly and in one line', () => {
  const fault = findFault(connectSchema, { ...proper, [`evil\n${'x'.repeat(500)}`]: 1 });
  assert.ok(fault);
  assert.match(sayFault(fault), /^has evil\?x{59}, which is not known here$/);
  assert.equal(sayFault(findFault(connectSchema, { ...proper, caps: [1] })!), 'at /caps/0: must be a text');
});
