/** What every probe answers in every state, cell by cell, and the page that says so. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, get } from '../core/node-http.ts';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Principal } from '../access/index.ts';
import { OpenClawError } from '../core/errors.ts';
import type { CheckResult } from '../operations/index.ts';
import { alive, createHealthEndpoint, createReadyEndpoint, createStartupEndpoint } from './endpoints/health.ts';
import { probeCodes, type GatewayState, type Health, type ProbePath } from './health.ts';
import { createHeldHandler, listenHeld } from './held.ts';
import { listen, type RequestHandler } from './listener.ts';
import { servedPaths } from './paths.ts';
import type { GatewayRequest } from './request.ts';
import { startingHandler } from './starting.ts';

const states: readonly GatewayState[] = ['starting', 'ok', 'degraded', 'failed', 'draining', 'rescue', 'held'];
const probes = Object.keys(probeCodes) as ProbePath[];
const broken = new OpenClawError('config_invalid', {
  details: { where: 'openclaw.json:1', reason: 'it is not JSON5', suggestion: 'Mend it.' },
});
const refused = new OpenClawError('bind_without_auth', { details: { host: '0.0.0.0' } });

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Headers;
}

/** Asks a handler as a client does, over a socket. */
async function ask(handler: RequestHandler, path: string, init: RequestInit = {}): Promise<Answer> {
  const server = createServer({}, handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json' && text !== '';
    const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, body, text, headers: response.headers };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface Served {
  readonly state?: CheckResult['state'];
  readonly draining?: boolean;
  readonly rescue?: OpenClawError;
  readonly admin?: boolean;
}

/** The endpoints of a gateway that serves, without the parts behind it. */
function serving({ state = 'ok', draining = false, rescue, admin = false }: Served): RequestHandler {
  const health: Health = { report: async () => ({ status: state, checks: { disk: { state, detail: '/secret/place is full' } } }) };
  const options = { health, version: '1.2.3', draining: () => draining, uptimeMs: () => 61_000, rescue: () => rescue };
  const endpoints = {
    '/healthz': alive,
    '/readyz': createReadyEndpoint(options),
    '/startupz': createStartupEndpoint(options),
    '/health': createHealthEndpoint(options),
  };
  return (raw, response) => {
    const path = raw.url as ProbePath;
    const request = {
      ...{ requestId: 'req_1', method: 'GET', path, query: new URLSearchParams(), raw, response },
      ...{ dialect: 'openai-completions', fromLoopback: true },
      authenticate(): Principal {
        if (!admin) throw new OpenClawError('missing_credentials');
        return { id: 'gateway', scopes: new Set(['admin']) } as unknown as Principal;
      },
      authorize: () => assert.fail('nobody needs a credential to probe'),
    } satisfies GatewayRequest;
    void endpoints[path](request);
  };
}

function handlerIn(state: GatewayState): RequestHandler {
  if (state === 'starting') return startingHandler(() => 'the state directory is being opened');
  if (state === 'held') return createHeldHandler(refused);
  if (state === 'draining') return serving({ draining: true });
  if (state === 'rescue') return serving({ state: 'failed', rescue: broken });
  return serving({ state });
}

describe('each probe in each state', () => {
  for (const state of states) {
    for (const probe of probes) {
      test(`${state}: ${probe} answers ${probeCodes[probe][state]}`, async () => {
        const { status, body, headers } = await ask(handlerIn(state), probe);
        assert.equal(status, probeCodes[probe][state]);
        assert.equal(body['status'], probe === '/healthz' ? 'ok' : state);
        if (probe === '/readyz') assert.equal(body['ready'], status === 200);
        if (probe === '/startupz') assert.equal(body['started'], status === 200);
        assert.equal(headers.get('retry-after'), status === 503 ? '1' : null);
        assert.equal((await ask(handlerIn(state), probe, { method: 'HEAD' })).status, status);
      });
    }
  }

  test('docs/health.md has the same table', async () => {
    const page = await readFile(new URL('../../../../docs/health.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\/\w+)` \|((?: \d{3} \|)+)$/gm)].map(([, path = '', cells = '']) => [
      path,
      Array.from(cells.matchAll(/\d{3}/g), ([code]) => Number(code)),
    ]);
    assert.deepEqual(
      rows,
      probes.map((probe) => [probe, states.map((state) => probeCodes[probe][state])]),
    );
    const head = /^\| +\| (starting \|.*) \|$/m.exec(page)?.[1];
    assert.deepEqual(
      head?.split(' | '),
      states.map((state) => (state === 'ok' ? 'serving' : state)),
    );
  });
});

describe('what the probes tell', () => {
  test('reasons are for callers with a credential, states for everybody', async () => {
    for (const probe of ['/readyz', '/health'] as const) {
      const stranger = await ask(serving({ state: 'failed' }), probe);
      assert.deepEqual(stranger.body['checks'], { disk: { state: 'failed' } });
      assert.ok(!stranger.text.includes('/secret/place'));
      const admin = await ask(serving({ state: 'failed', admin: true }), probe);
      assert.deepEqual(admin.body['checks'], { disk: { state: 'failed', detail: '/secret/place is full' } });
    }
  });

  test('in rescue mode everybody learns the code, and the operator what to mend', async () => {
    const stranger = await ask(serving({ rescue: broken }), '/readyz');
    assert.equal(stranger.body['code'], 'config_invalid');
    assert.ok(!stranger.text.includes('openclaw.json:1'));
    const admin = await ask(serving({ rescue: broken, admin: true }), '/readyz');
    assert.deepEqual([admin.body['reason'], admin.body['hint']], [broken.message, broken.hint]);
  });

  test('draining counts more than rescue mode, and rescue mode more than a check', async () => {
    assert.equal((await ask(serving({ draining: true, rescue: broken, state: 'failed' }), '/readyz')).body['status'], 'draining');
    assert.equal((await ask(serving({ rescue: broken, state: 'failed' }), '/readyz')).body['status'], 'rescue');
  });
});

describe('a process that does not serve', () => {
  for (const state of ['starting', 'held'] as const) {
    const handler = (): RequestHandler => handlerIn(state);

    test(`${state}: what a gateway has is 503 with an error that clients understand, and everything else is 404`, async () => {
      for (const pattern of servedPaths.filter((path) => path !== '/' && !probes.includes(path as ProbePath))) {
        const { status, body } = await ask(handler(), pattern.replace('*', 'x'), { method: 'POST', body: '{}' });
        const { code, message } = body['error'] as { code: string; message: string };
        assert.equal(status, 503, pattern);
        if (pattern !== '/v1/messages' && !pattern.startsWith('/v1/messages/'))
          assert.equal(code, state === 'held' ? 'gateway_held' : 'not_ready');
        assert.match(message, state === 'held' ? /without auth/ : /state directory is being opened/);
      }
      for (const path of ['/nothing', '/healthz/x', '/readyz2', '/v1', '/admin', '/health/', '/openai/v1/nothing', '//', '/v1/chat']) {
        assert.equal((await ask(handler(), path)).status, 404, path);
      }
      assert.equal((await ask(handler(), '/openai/v1/models?x=1')).status, 503);
    });

    test(`${state}: a probe is only read`, async () => {
      const { status, headers } = await ask(handler(), '/readyz', { method: 'POST', body: 'x' });
      assert.deepEqual([status, headers.get('allow')], [405, 'GET']);
    });
  }

  test('a caller is told to come back to one that starts, and not to one that is held', async () => {
    const starting = await ask(handlerIn('starting'), '/v1/models');
    assert.deepEqual([starting.headers.get('retry-after'), starting.headers.get('x-should-retry')], ['1', null]);
    const held = await ask(handlerIn('held'), '/v1/models');
    assert.deepEqual([held.headers.get('retry-after'), held.headers.get('x-should-retry')], [null, 'false']);
  });

  test('one that is held says why and what to do: to probes, to clients and to people', async () => {
    const two = new OpenClawError('config_invalid', {
      details: { where: 'gateway.port', reason: 'must be a number', suggestion: 'Write 18789.' },
      others: [refused],
    });
    const handler = createHeldHandler(two);
    const { body } = await ask(handler, '/readyz');
    assert.deepEqual(body, { status: 'held', ready: false, code: 'config_invalid', reason: two.message, hint: 'Write 18789.' });
    const { status, text, headers } = await ask(handler, '/');
    assert.equal(status, 503);
    assert.match(text, /gateway\.port: must be a number\.\n {2}Write 18789\.\n.*refusing to bind.*\n.*OPENCLAW_GATEWAY_TOKEN/s);
    assert.deepEqual([headers.get('content-type'), headers.get('x-content-type-options')], ['text/plain; charset=utf-8', 'nosniff']);
  });

  test('one that is held takes its port on this machine, and another where that is taken', async () => {
    const limits = { headerBytes: 4096, headerTimeoutMs: 1000, bodyTimeoutMs: 1000, keepAliveMs: 1000, connections: 10 };
    const open = (port: number, handler: RequestHandler) => listen({ host: '127.0.0.1', port, limits }, { request: handler });
    const first = await listenHeld({ problem: refused, port: 0, listen: open });
    const second = await listenHeld({ problem: refused, port: first.port, listen: open });
    try {
      assert.notEqual(second.port, first.port);
      for (const { host, port } of [first, second]) {
        assert.equal(host, '127.0.0.1');
        assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } })).status, 503);
      }
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});

test('why it is held is told under a name of this machine alone: a page elsewhere can have a name of its own point here', async () => {
  const problem = new OpenClawError('bind_failed', { details: { port: 1, host: 'x', reason: 'a word of the configuration' } });
  const listener = await listen(
    {
      host: '127.0.0.1',
      port: 0,
      limits: { headerBytes: 4096, headerTimeoutMs: 5000, bodyTimeoutMs: 5000, keepAliveMs: 5000, connections: 10 },
    },
    { request: createHeldHandler(problem) },
  );
  const ask = (path: string, host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get({ port: listener.port, host: '127.0.0.1', path, agent: false, headers: { host } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  for (const path of ['/', '/health', '/v1/models']) {
    assert.match(await ask(path, 'localhost:1'), /a word of the configuration/, path);
    assert.doesNotMatch(await ask(path, 'evil.example'), /a word of the configuration/, path);
  }
  await listener.close();
});
