import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createFakeClock } from '../../../core/fake-clock.ts';
import { systemClock } from '../../../core/clock.ts';
import type { JsonObject } from '../../../core/json.ts';
import { outputLimitCharacters } from '../contract.ts';
import { effectOf } from '../perform-call.ts';
import { type CallOptions, perform } from '../tool.fixture.ts';
import { textOfHtml } from './html-text.ts';
import { createHttpTool, type HttpOptions } from './http.ts';

interface Site extends AsyncDisposable {
  readonly port: number;
  readonly requests: IncomingMessage[];
  readonly bodies: string[];
}

async function serve(answer: RequestListener): Promise<Site> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tests have their own names: `good.test` is this machine, which is allowed here. */
const here: Partial<HttpOptions> = {
  privateAddresses: ['127.0.0.1'],
  resolve: (host, done) => done(null, [{ address: host.startsWith('bad') ? '10.0.0.1' : '127.0.0.1', family: 4 }]),
};

const fetchIt = (args: JsonObject, options: Partial<HttpOptions> = {}, more: Partial<CallOptions> = {}) =>
  perform(createHttpTool({ clock: systemClock, ...here, ...options }), { workspace: '/nowhere', args, ...more });

test('the status, the type and the body are told', async () => {
  await using site = await serve((request, response) =>
    response.writeHead(request.url === '/a?b=1' ? 200 : 404, { 'content-type': 'text/plain' }).end('hello'),
  );
  const url = `http://good.test:${site.port}/a?b=1`;
  assert.deepEqual(await fetchIt({ url }), { isError: false, text: `200 ${url}\ncontent-type: text/plain\n\nhello` });
  assert.equal(site.requests[0]?.headers.host, `good.test:${site.port}`);
  assert.match((await fetchIt({ url: `${url}2` })).text, /^404 /);
});

test('a method, headers and a body are sent as they were given', async () => {
  await using site = await serve((_, response) => response.end());
  await fetchIt({ url: `http://good.test:${site.port}/`, method: 'POST', headers: { 'X-Thing': 'one' }, body: 'text' });
  assert.deepEqual([site.requests[0]?.method, site.requests[0]?.headers['x-thing'], site.bodies[0]], ['POST', 'one', 'text']);
  for (const name of ['Host', 'Transfer-Encoding', 'Proxy-Authorization', 'a b', 'Idempotency-Key']) {
    assert.equal((await fetchIt({ url: `http://good.test:${site.port}/`, headers: { [name]: 'x' } })).isError, true, name);
  }
  assert.equal((await fetchIt({ url: `http://good.test:${site.port}/`, headers: { a: 'x\r\nb: y' } })).isError, true);
  assert.equal(site.requests.length, 1);
});

test('private addresses are refused: by number, in other spellings, by name, and by the system itself', async () => {
  await using site = await serve((_, response) => response.end('secret'));
  const nothingAllowed = { privateAddresses: [] };
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', 'good.test', '0']) {
    const { isError, text } = await fetchIt({ url: `http://${host}:${site.port}/` }, nothingAllowed);
    assert.equal(isError, true, host);
    assert.match(text, /not a public address/, host);
  }
  const bySystem = await perform(createHttpTool({ clock: systemClock }), {
    workspace: '/',
    args: { url: `http://localhost:${site.port}/` },
  });
  assert.match(bySystem.text, /not a public address/);
  assert.equal(site.requests.length, 0);
});

test('a name that changes its address between look and connection gains nothing', async () => {
  await using site = await serve((_, response) => response.end('secret'));
  let looks = 0;
  const resolve: HttpOptions['resolve'] = (_, done) => {
    looks += 1;
    done(null, [{ address: looks === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
  };
  await fetchIt({ url: `http://rebinding.test:${site.port}/` }, { resolve, privateAddresses: ['127.0.0.2'] });
  assert.equal(looks, 1, 'the address that was looked at is the one that is connected to');
  assert.equal(site.requests.length, 0);
  const both: HttpOptions['resolve'] = (_, done) =>
    done(null, [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
  assert.match(
    (await fetchIt({ url: `http://two.test:${site.port}/` }, { resolve: both, privateAddresses: [] })).text,
    /two\.test is 127\.0\.0\.1/,
  );
});

test('every redirect is checked like the first request, and there are at most five', async () => {
  await using site = await serve((request, response) => {
    const target = { '/bad': 'http://bad.test/', '/file': 'file:///etc/passwd', '/ok': '/end', '/loop': '/loop' }[request.url ?? ''];
    if (target === undefined) response.end(`secret header: ${String(request.headers['x-secret'])}`);
    else response.writeHead(302, { location: target }).end();
  });
  const base = `http://good.test:${site.port}`;
  assert.match((await fetchIt({ url: `${base}/ok` })).text, new RegExp(`^200 ${base}/end`));
  assert.match((await fetchIt({ url: `${base}/bad` })).text, /bad\.test is 10\.0\.0\.1, which is not a public address/);
  assert.match((await fetchIt({ url: `${base}/file` })).text, /Only http and https/);
  assert.match((await fetchIt({ url: `${base}/loop` })).text, /More than 5 redirects/);
  assert.equal(site.requests.filter(({ url }) => url === '/loop').length, 6);
  assert.match((await fetchIt({ url: `${base}/bad`, method: 'POST' })).text, /^302 .*\n.*\nlocation: http:\/\/bad\.test\/$/);
});

test('headers of one server are not handed to another one', async () => {
  await using other = await serve((request, response) => response.end(`x-secret: ${String(request.headers['x-secret'])}`));
  await using site = await serve((_, response) => response.writeHead(307, { location: `http://other.test:${other.port}/` }).end());
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/`, headers: { 'X-Secret': 'token' } })).text, /x-secret: undefined$/);
});

test('an agent with a list of hosts asks those alone, by redirects too', async () => {
  await using site = await serve((request, response) =>
    request.url === '/away' ? response.writeHead(302, { location: 'http://elsewhere.test/' }).end() : response.end('ok'),
  );
  const hostsOf = (agentId: string) => (agentId === 'bound' ? ['good.test', '*.good.test'] : undefined);
  const bound = { agentId: 'bound' };
  assert.match((await fetchIt({ url: `http://a.good.test:${site.port}/` }, { hostsOf }, bound)).text, /ok$/);
  assert.match(
    (await fetchIt({ url: `http://other.test:${site.port}/` }, { hostsOf }, bound)).text,
    /not among the hosts.*good\.test, \*\.good\.test/,
  );
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/away` }, { hostsOf }, bound)).text, /elsewhere\.test is not among/);
  assert.match((await fetchIt({ url: `http://other.test:${site.port}/` }, { hostsOf })).text, /ok$/);
});

test('what a request may do is told by its method, and by whether the server heeds a key', async () => {
  const tool = createHttpTool({ clock: systemClock, ...here, keyedHosts: ['pay.test'] });
  assert.equal(effectOf(tool, { url: 'http://a.test' }), 'read');
  assert.equal(effectOf(tool, { url: 'http://a.test', method: 'DELETE' }), 'once');
  assert.equal(effectOf(tool, { url: 'http://pay.test', method: 'POST' }), 'idempotent');
  await using site = await serve((_, response) => response.end());
  for (const host of ['pay.test', 'a.test']) {
    await perform(tool, { workspace: '/', args: { url: `http://${host}:${site.port}/`, method: 'POST' }, idempotencyKey: 'run-7/3' });
  }
  assert.deepEqual(
    site.requests.map(({ headers }) => headers['idempotency-key']),
    ['run-7/3', undefined],
  );
});

test('a body is read up to its bound, decompressed', async () => {
  await using site = await serve((request, response) => {
    if (request.url === '/endless') {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const more = (): void => void (response.destroyed || response.write('x'.repeat(65536), () => setImmediate(more)));
      return more();
    }
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000, 'y')));
  });
  for (const path of ['/endless', '/bomb']) {
    const { isError, text } = await fetchIt({ url: `http://good.test:${site.port}${path}` }, { sizeLimitBytes: 1_000_000 });
    assert.equal(isError, false, text);
    assert.match(text, /\[only the first 1000000 bytes were read\]/);
    assert.ok(text.length <= outputLimitCharacters);
  }
});

test('a server that does not answer is not waited for, and nobody says that nothing happened', async () => {
  await using site = await serve(() => {});
  const clock = createFakeClock();
  for (const [method, unknown] of [
    ['GET', undefined],
    ['POST', true],
  ] as const) {
    const before = site.requests.length;
    const asking = perform(createHttpTool({ clock, ...here }), { workspace: '/', args: { url: `http://good.test:${site.port}/`, method } });
    while (site.requests.length === before) await new Promise(setImmediate);
    clock.advance(30_000);
    const { isError, text, isOutcomeUnknown } = await asking;
    assert.deepEqual([isError, isOutcomeUnknown], [true, unknown]);
    assert.match(text, /no whole answer within 30 s/);
  }
});

test('a server that is not there was certainly not changed', async () => {
  const site = await serve(() => {});
  await site[Symbol.asyncDispose]();
  const result = await fetchIt({ url: `http://good.test:${site.port}/`, method: 'POST' });
  assert.deepEqual([result.isError, result.isOutcomeUnknown], [true, undefined]);
});

test('binary bodies are not shown, and other encodings are read', async () => {
  await using site = await serve((request, response) =>
    request.url === '/image'
      ? response.end(Buffer.from([137, 0, 1]))
      : response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1' }).end(Buffer.from([0xe9])),
  );
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/image` })).text, /\[a binary body of 3 bytes\]$/);
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/latin` })).text, /é$/);
});

test('of a page, what people read is told', async () => {
  const page =
    '<!doctype html><html><head><title>A &amp; B</title><style>p{}</style></head><body><script>var x = "<p>no</p>";</script>' +
    '<h1>Head</h1><!-- note --><p>One&nbsp;<b>two</b> &#233;&#xe9;</p><ul><li>first<li>second</ul></body></html>';
  assert.equal(textOfHtml(page), 'A & B\n\nHead\n\nOne two éé\n\n- first\n- second');
  await using site = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/` })).text, /\n\nA & B\n\nHead/);
  assert.match((await fetchIt({ url: `http://good.test:${site.port}/`, raw: true })).text, /<script>/);
  for (const broken of ['<', '<p', '<script>', '<!--', '&#x110000;&#xd800;', '<script>'.repeat(20_000), '<!-'.repeat(20_000)])
    textOfHtml(broken);
});
