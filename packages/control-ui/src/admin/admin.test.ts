import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminError, createAdmin } from './admin.ts';

interface Asked {
  readonly url: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

function setup(credentials: readonly string[], answer: (asked: Asked) => Response) {
  const asked: Asked[] = [];
  const admin = createAdmin({
    baseUrl: 'http://gateway.test/below/',
    credentials: () => credentials,
    fetch: async (url, init) => {
      const one = {
        url: String(url),
        authorization: new Headers(init?.headers).get('authorization'),
        body: typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
      };
      asked.push(one);
      return Promise.resolve(answer(one));
    },
  });
  return { admin, asked };
}

const refused = (): Response => Response.json({ error: { message: 'no', openclaw: { code: 'invalid_credentials' } } }, { status: 401 });

async function errorFrom(promise: Promise<unknown>): Promise<AdminError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AdminError);
  return error;
}

test('a request goes below the address of the page, with the credential in its header and never in the address', async () => {
  const { admin, asked } = setup(['secret'], () => Response.json({ keys: [] }));
  assert.deepEqual(await admin.json('/admin/v1/keys', { method: 'POST', body: { name: 'ci' } }), { keys: [] });
  assert.deepEqual(asked, [{ url: 'http://gateway.test/below/admin/v1/keys', authorization: 'Bearer secret', body: { name: 'ci' } }]);
});

test('where nothing is known of a credential none is sent', async () => {
  const { admin, asked } = setup([], () => Response.json({}));
  await admin.json('/health');
  assert.equal(asked[0]?.authorization, null);
});

test('a credential that is refused gives way to the next, which then goes first', async () => {
  const { admin, asked } = setup(['device', 'token'], ({ authorization }) =>
    authorization === 'Bearer token' ? Response.json(1) : refused(),
  );
  await admin.json('/a');
  await admin.json('/b');
  assert.deepEqual(
    asked.map(({ authorization }) => authorization),
    ['Bearer device', 'Bearer token', 'Bearer token'],
  );
});

test('an error has the code, the words and the hint of the gateway, each once', async () => {
  const body = { error: { message: 'name: is taken. Choose another.', openclaw: { code: 'invalid_request', hint: 'Choose another.' } } };
  const { admin } = setup(['t'], () => Response.json(body, { status: 400 }));
  const { message, status, code, hint } = await errorFrom(admin.json('/a'));
  assert.deepEqual(
    { message, status, code, hint },
    { message: 'name: is taken.', status: 400, code: 'invalid_request', hint: 'Choose another.' },
  );
});

test('a page of a proxy in place of an answer is told by its status', async () => {
  const { admin } = setup(['t'], () => new Response('<html>Bad gateway</html>', { status: 502 }));
  const { message, code } = await errorFrom(admin.json('/a'));
  assert.deepEqual([message, code], ['The gateway answered with status 502.', 'http_502']);
});

test('no answer at all is said to be that, and an abort stays an abort', async () => {
  const failing = (signal?: AbortSignal): Promise<unknown> =>
    createAdmin({
      baseUrl: 'http://gateway.test/',
      credentials: () => [],
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    }).json('/a', { signal });
  assert.equal((await errorFrom(failing())).code, 'unreachable');
  const error: unknown = await failing(AbortSignal.abort()).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof TypeError);
});
