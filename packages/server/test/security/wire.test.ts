/** Bytes that no honest client sends: requests within requests, heads and bodies without end, paths that climb, prototypes in JSON. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../control/plane.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { exchange, knock, lines } from './attack.ts';

const bearer = `authorization: Bearer ${testToken}`;
const hidden = 'GET /admin/v1/keys HTTP/1.1\r\nhost: localhost\r\n\r\n';

async function serves(gateway: TestGateway): Promise<void> {
  assert.equal((await gateway.request('/v1/models')).status, 200, 'the gateway still answers');
}

describe('requests within requests', () => {
  const post = 'PUT /admin/v1/logging HTTP/1.1';
  const smuggled: Readonly<Record<string, string>> = {
    'a length and chunks': `${post}\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'two lengths': `${post}\r\nhost: localhost\r\ncontent-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
    'a length of two numbers': `${post}\r\nhost: localhost\r\ncontent-length: 0, ${hidden.length}\r\n\r\n${hidden}`,
    'a length with a sign': `${post}\r\nhost: localhost\r\ncontent-length: +0\r\n\r\n${hidden}`,
    'a length in hexadecimal': `${post}\r\nhost: localhost\r\ncontent-length: 0x0\r\n\r\n${hidden}`,
    'a length below nothing': `${post}\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n${hidden}`,
    'chunks of another name': `${post}\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    'chunks before identity': `${post}\r\nhost: localhost\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
    'a space before the colon': `${post}\r\nhost: localhost\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'a header that is folded': `${post}\r\nhost: localhost\r\nx-a: b\r\n transfer-encoding: chunked\r\n\r\n${hidden}`,
    'line feeds alone': `${post}\nhost: localhost\ncontent-length: 0\n\n${hidden}`,
    'a carriage return alone': `${post}\r\nhost: localhost\r\nx-a: b\rtransfer-encoding: chunked\r\n\r\n${hidden}`,
    'a NUL in a header': `${post}\r\nhost: localhost\r\nx-a: b\0c\r\n\r\n${hidden}`,
    'two hosts': `${post}\r\nhost: localhost\r\nhost: evil.example\r\n\r\n${hidden}`,
    'no host': `${post}\r\ncontent-length: 0\r\n\r\n${hidden}`,
    'a chunk whose size is no number': `${post}\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${hidden}`,
    'a chunk larger than numbers go': `${post}\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n${hidden}`,
    'a chunk that ends in a line feed': `${post}\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\n\n${hidden}`,
  };
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());
  for (const [title, bytes] of Object.entries(smuggled)) {
    test(`${title}: refused, and what comes after is no request`, async () => {
      const { text, answers, status } = await exchange(gateway.url, bytes);
      assert.ok(answers <= 1, `${answers} answers: ${text}`);
      assert.ok([0, 400, 401].includes(status), `${status}`);
      await serves(gateway);
    });
  }
});

describe('heads and bodies without end', () => {
  test('a head that is too large, or has too many lines, is 431; an address too', async () => {
    await using gateway = await startTestGateway();
    const bombs = [
      lines('GET / HTTP/1.1', 'host: localhost', `x-a: ${'a'.repeat(100_000)}`),
      lines('GET / HTTP/1.1', 'host: localhost', ...Array.from({ length: 5000 }, (_, index) => `x-${index}: a`)),
      lines(`GET /${'a'.repeat(100_000)} HTTP/1.1`, 'host: localhost'),
    ];
    for (const bytes of bombs) assert.equal((await exchange(gateway.url, bytes)).status, 431);
    await serves(gateway);
  });

  test('a head that never ends is cut after its time, also one that asks for a WebSocket', async () => {
    await using gateway = await startTestGateway({ settings: { gateway: { limits: { headerTimeoutMs: 300 } } } });
    for (const head of [
      'GET / HTTP/1.1\r\nhost: localhost\r\n',
      'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n',
    ]) {
      const { hostname, port } = new URL(gateway.url);
      const socket = connect(Number(port), hostname).resume();
      socket.on('error', () => undefined);
      socket.write(head);
      const drip = setInterval(() => socket.write('x-a: b\r\n'), 50);
      await once(socket, 'close');
      clearInterval(drip);
    }
    await serves(gateway);
  });

  test('a WebSocket that says nothing after its handshake is closed after its time', async () => {
    await using gateway = await startTestGateway({ settings: { gateway: { handshakeTimeoutMs: 200 } } });
    const { RawClient } = await import('../control/raw-client.ts');
    await using client = new RawClient(gateway.url.replace('http', 'ws'));
    assert.equal((await client.ended).code, 1000);
  });

  test('an upgrade to another protocol is not taken up', async () => {
    await using gateway = await startTestGateway();
    for (const protocol of ['h2c', 'h2c, websocket', 'tls/1.2', 'foo']) {
      const { text, answers } = await exchange(
        gateway.url,
        lines(
          'GET /healthz HTTP/1.1',
          'host: localhost',
          'connection: Upgrade, HTTP2-Settings',
          `upgrade: ${protocol}`,
          'http2-settings: AAMAAABkAAQAAP__',
          'x-a: b',
        ) + 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      );
      assert.doesNotMatch(text, /HTTP\/1\.1 101/, protocol);
      assert.ok(answers >= 1);
    }
    assert.equal((await exchange(gateway.url, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).status, 400);
    await serves(gateway);
  });

  test('requests in a row without waiting are answered in their order, and a refused body ends the connection', async () => {
    await using gateway = await startTestGateway();
    const { text } = await exchange(gateway.url, lines('GET /healthz HTTP/1.1', 'host: localhost').repeat(50));
    assert.equal(text.match(/"status":"ok"/g)?.length, 50);
    const refused = await exchange(
      gateway.url,
      `${lines('POST /admin/v1/keys HTTP/1.1', 'host: localhost', 'content-length: 100000')}${hidden}`,
    );
    assert.equal(refused.answers, 1, refused.text);
    assert.match(refused.text, /connection: close/i);
  });
});

test('no path leads out of the folder of the page', async () => {
  await using gateway = await startTestGateway();
  const climbs = [
    ...[
      '/assets/../../../../../../etc/passwd',
      '/assets/..%2f..%2f..%2f..%2fetc/passwd',
      '/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/assets/..\\..\\..\\etc\\passwd',
    ],
    ...[
      '/assets/....//....//etc/passwd',
      '/assets/%00/../../package.json',
      '/assets/..;/..;/package.json',
      '/assets//etc/passwd',
      '/assets/%c0%ae%c0%ae/package.json',
    ],
    ...[
      '/../../../../etc/passwd',
      '/favicon.svg/../../../package.json',
      '/assets/__proto__',
      '/assets/constructor',
      '/__proto__',
      '/constructor',
      '/assets/%',
    ],
  ];
  for (const path of climbs) {
    const { status, text } = await exchange(gateway.url, lines(`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close'));
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
    assert.doesNotMatch(text, /root:|"dependencies"/, path);
  }
});

describe('prototypes in JSON', () => {
  const polluted = [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '{"\\u005f_proto__":{"polluted":1}}',
  ];
  const isClean = (): void => assert.equal(({} as Record<string, unknown>)['polluted'], undefined);

  test('over HTTP', async () => {
    await using gateway = await startTestGateway();
    for (const body of polluted) {
      for (const [method, path] of [
        ['POST', '/admin/v1/keys'],
        ['PUT', '/admin/v1/logging'],
        ['POST', '/v1/chat/completions'],
        ['POST', '/v1/embeddings'],
      ] as const) {
        const { status } = await gateway.request(path, { method, body });
        assert.ok(status >= 400 && status < 500, `${path} ${body}: ${status}`);
        isClean();
      }
    }
  });

  test('over the WebSocket, before and after the handshake, and in a patch of the configuration', async () => {
    await using gateway = await startTestGateway();
    const { RawClient } = await import('../control/raw-client.ts');
    await using stranger = new RawClient(gateway.url.replace('http', 'ws'));
    await stranger.event('connect.challenge');
    stranger.ws.send('{"type":"req","id":"1","method":"connect","params":{"auth":{"__proto__":{"token":"x"}}}}');
    assert.equal((await stranger.ended).code, 1008);
    await using admin = await knock(gateway, { scopes: ['operator.admin', 'operator.read', 'operator.pairing'] });
    const { hash } = (await admin.client.call('config.get', {})).payload as { hash?: string };
    for (const text of polluted) {
      for (const method of [
        'config.patch',
        'config.set',
        'chat.send',
        'device.token.rotate',
        'health',
        '__proto__',
        'constructor',
        'toString',
      ]) {
        admin.client.ws.send(`{"type":"req","id":"${method}","method":"${method}","params":${text}}`);
      }
      const { ok } = await admin.client.call('config.patch', { raw: text, baseHash: hash });
      assert.equal(ok, false, text);
      isClean();
    }
    assert.equal(gateway.keeper.status.state, 'current');
    await eventually(() => admin.client.end === undefined, 'a connection that stays');
  });
});

test('whatever is thrown at it, the gateway logs no fault of its own', async () => {
  await using gateway = await startTestGateway();
  const garbage = [
    '\0'.repeat(1000),
    '\x16\x03\x01\x02\x00\x01',
    'GET\r\n\r\n',
    '\r\n\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'a'.repeat(100_000),
    `${bearer}\r\n\r\n`,
  ];
  for (const bytes of garbage) await exchange(gateway.url, bytes, { patienceMs: 1000 });
  await serves(gateway);
  assert.deepEqual(
    gateway.logLines.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  );
});
