/** What a first frame may not be, and what each kind of it gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes } from '@openclaw/protocol';
import { startTestPlane } from './plane.ts';
import { connectFrame, open, testClient } from './raw-client.ts';

const proper = connectFrame();
const malformed: readonly (readonly [title: string, first: unknown, code: number, reason: RegExp, answered: boolean])[] = [
  ['text that is not JSON', 'hello', closeCodes.normal, /^$/, false],
  ['half of a JSON text', '{"type":"req",', closeCodes.normal, /^$/, false],
  ['an empty text', '', closeCodes.normal, /^$/, false],
  ['bytes', Buffer.from([0, 1, 2, 255]), closeCodes.normal, /^$/, false],
  ['bytes that are a proper frame', Buffer.from(JSON.stringify(proper)), closeCodes.normal, /^$/, false],
  ['null', 'null', closeCodes.refused, /^invalid request frame: /, false],
  ['a list', '[]', closeCodes.refused, /^invalid request frame: /, false],
  ['a number', '4', closeCodes.refused, /^invalid request frame: /, false],
  ['an object without a type', {}, closeCodes.refused, /^invalid request frame: must have type/, false],
  ['a response', { type: 'res', id: '1', ok: true }, closeCodes.refused, /^invalid request frame: must have method/, false],
  ['an event', { type: 'event', event: 'tick' }, closeCodes.refused, /^invalid request frame: /, false],
  ['a request without an id', { type: 'req', method: 'connect' }, closeCodes.refused, /must have id/, false],
  ['an empty id', { ...proper, id: '' }, closeCodes.refused, /\/id: must not be empty/, false],
  ['an id that is a number', { ...proper, id: 1 }, closeCodes.refused, /\/id: must be a text/, false],
  ['an id without end', { ...proper, id: 'x'.repeat(257) }, closeCodes.refused, /\/id: must have at most 256 characters/, false],
  ['a request without a method', { type: 'req', id: '1' }, closeCodes.refused, /must have method/, false],
  ['a name that frames do not have', { ...proper, extra: 1 }, closeCodes.refused, /has extra, which is not known here/, false],
  ['a name __proto__', '{"type":"req","id":"1","method":"connect","__proto__":{}}', closeCodes.refused, /__proto__/, false],
  [
    'a name __proto__ deep inside',
    '{"type":"req","id":"1","method":"connect","params":{"a":[{"__proto__":1}]}}',
    closeCodes.refused,
    /__proto__/,
    false,
  ],
  ['nesting without end', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, closeCodes.refused, /nested deeper than 128 levels/, false],
  ['a traceparent that is too long', { ...proper, traceparent: 'x'.repeat(129) }, closeCodes.refused, /\/traceparent/, false],
  ['parameters that are a list', { ...proper, params: [] }, closeCodes.refused, /\/params: must be an object/, false],
  [
    'another method',
    { type: 'req', id: 'c', method: 'health' },
    closeCodes.refused,
    /^invalid handshake: first request must be connect$/,
    true,
  ],
  [
    'connect without parameters',
    { type: 'req', id: 'c', method: 'connect' },
    closeCodes.refused,
    /^invalid connect params: must have minProtocol$/,
    true,
  ],
  ['connect without a client', connectFrame({ client: undefined }), closeCodes.refused, /must have client/, true],
  [
    'a client without a version',
    connectFrame({ client: { id: 'cli', platform: 'x', mode: 'cli' } }),
    closeCodes.refused,
    /at \/client: must have version/,
    true,
  ],
  [
    'a client that nobody knows',
    connectFrame({ client: { ...testClient, id: 'x' } }),
    closeCodes.refused,
    /at \/client\/id: must be webchat-ui \|/,
    true,
  ],
  [
    'a mode that nobody knows',
    connectFrame({ client: { ...testClient, mode: 'x' } }),
    closeCodes.refused,
    /at \/client\/mode: must be webchat \|/,
    true,
  ],
  ['a version that is no number', connectFrame({ minProtocol: '4' }), closeCodes.refused, /at \/minProtocol: must be a whole number/, true],
  ['a version of nought', connectFrame({ minProtocol: 0 }), closeCodes.refused, /at \/minProtocol: must be at least 1/, true],
  ['half a version', connectFrame({ maxProtocol: 4.5 }), closeCodes.refused, /at \/maxProtocol: must be a whole number/, true],
  ['scopes that are no list', connectFrame({ scopes: 'operator.read' }), closeCodes.refused, /at \/scopes: must be a list/, true],
  ['a scope that is no text', connectFrame({ scopes: [1] }), closeCodes.refused, /at \/scopes\/0: must be a text/, true],
  [
    'scopes without end',
    connectFrame({ scopes: Array.from({ length: 65 }, () => 's') }),
    closeCodes.refused,
    /at \/scopes: must have at most 64/,
    true,
  ],
  [
    'a permission that is no flag',
    connectFrame({ permissions: { camera: 'yes' } }),
    closeCodes.refused,
    /at \/permissions\/camera: must be true/,
    true,
  ],
  ['a name that connect does not have', connectFrame({ admin: true }), closeCodes.refused, /has admin, which is not known here/, true],
  [
    'a name that a device does not have',
    connectFrame({ device: { id: 'a', publicKey: 'b', signature: 'c', signedAt: 1, nonce: 'd', e: 1 } }),
    closeCodes.refused,
    /at \/device: has e/,
    true,
  ],
  [
    'a device without a signature',
    connectFrame({ device: { id: 'a', publicKey: 'b', signedAt: 1, nonce: 'd' } }),
    closeCodes.refused,
    /at \/device: must have signature/,
    true,
  ],
  ['a name that auth does not have', connectFrame({ auth: { key: 'x' } }), closeCodes.refused, /at \/auth: has key/, true],
  [
    'a token without end',
    connectFrame({ auth: { token: 'x'.repeat(9000) } }),
    closeCodes.refused,
    /at \/auth\/token: must have at most 8192/,
    true,
  ],
  ['a role that there is not', connectFrame({ role: 'superuser' }), closeCodes.refused, /^invalid role$/, true],
  ['the role of a worker, which has a path of its own', connectFrame({ role: 'worker' }), closeCodes.refused, /^invalid role$/, true],
  ['a wrong token', connectFrame({ auth: { token: 'x' } }), closeCodes.refused, /^unauthorized: gateway token mismatch$/, true],
];

test('a first frame that is no connect request closes the connection with its code, and says why where it can', async (t) => {
  await using plane = await startTestPlane();
  for (const [title, first, code, reason, answered] of malformed) {
    await t.test(title, async () => {
      await using client = await open(plane);
      client.send(first);
      const end = await client.ended;
      assert.equal(end.code, code);
      const answers = client.frames.filter((frame) => frame.type === 'res');
      assert.equal(answers.length, answered ? 1 : 0);
      const [answer] = answers;
      if (answer) {
        assert.ok(!answer.ok && answer.id === 'c' && answer.error?.code === 'INVALID_REQUEST');
        assert.match(answer.error.message, reason);
        assert.ok(end.reason.length > 0 && answer.error.message.startsWith(end.reason));
      } else assert.match(end.reason, reason);
      assert.ok(Buffer.byteLength(end.reason) <= 120);
    });
  }
});
