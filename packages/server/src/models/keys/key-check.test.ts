import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createHttpUpstream } from '../http/http-upstream.ts';
import { checkKeys } from './key-check.ts';
import { createKeys } from './keys.ts';
import { holdKeys } from './provider-keys.ts';
import type { Provider } from '../target.ts';

const secrets = { good: 'sk-good-key-1', wrong: 'sk-wrong-key-2' };

/** A provider that knows one key, and answers `status` to it. */
async function setup(t: TestContext, status = 200) {
  const asked: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url, headers: request.headers });
    const isGood = request.headers.authorization === `Bearer ${secrets.good}`;
    response.writeHead(isGood ? status : 401, { 'content-type': 'application/json' });
    response.end(isGood ? '{"object":"list","data":[]}' : `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const http = createHttpUpstream({ clock: systemClock });
  t.after(async () => {
    await http.close();
    server.close();
  });
  const lines: string[] = [];
  const clock = createFakeClock();
  const log = createLog({ clock, level: 'info', format: 'json', destinations: [{ write: (line) => void lines.push(line) }] });
  const keys = createKeys({ clock, log });
  const provider = (found: readonly string[], origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`): Provider =>
    ({
      ...{ id: 'acme', dialect: 'openai-completions', origin, basePath: '/v1', upstream: http, keyCheckPath: '/v1/models' },
      keys: holdKeys(
        found.map((secret, index) => ({ secret, source: `apiKeys[${index}]` })),
        { provider: 'acme', credential: 'bearer', fixed: {} },
      ).keys,
    }) as Partial<Provider> as Provider;
  const { signal } = new AbortController();
  const check = (providers: readonly Provider[]): Promise<void> =>
    checkKeys(
      providers.flatMap((one) => one.keys.map((key) => ({ provider: one, key }))),
      { keys, clock, log, signal },
    );
  return { asked, clock, lines, keys, provider, check, server };
}

test('a good key is asked about once, and nothing is said of it', async (t) => {
  const { check, provider, keys, asked, lines } = await setup(t);
  await check([provider([secrets.good])]);
  assert.deepEqual([keys.untroubled, lines, asked.map(({ path }) => path)], [true, [], ['/v1/models']]);
});

test('a key that is refused is said in one line with where it came from, never the key, and is out if there is another', async (t) => {
  const { check, provider, keys, lines } = await setup(t);
  const acme = provider([secrets.wrong, secrets.good]);
  await check([acme]);
  assert.deepEqual(
    keys.status([acme]).map(({ state, source }) => [state, source]),
    [
      ['refused', 'apiKeys[0]'],
      ['ok', 'apiKeys[1]'],
    ],
  );
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /left out.*apiKeys\[0\].*"hint":"Check apiKeys\[0\]/);
  assert.doesNotMatch(lines.join(''), /sk-wrong/);
});

test('what is no word about the key is no trouble: no such page, not allowed to read it, too many requests', async (t) => {
  for (const status of [403, 404, 405, 429]) {
    const { check, provider, keys, lines } = await setup(t, status);
    await check([provider([secrets.good])]);
    assert.ok(keys.untroubled, String(status));
    assert.deepEqual(lines, []);
  }
});

test('a provider out of reach is said once, is asked again every minute, and is well when it answers; its key stays in', async (t) => {
  const { check, provider, keys, lines, clock, server } = await setup(t);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  const acme = provider([secrets.good], `http://127.0.0.1:${port}`);
  const [at] = acme.keys.map((key) => ({ provider: acme, key }));
  const checked = check([acme]);
  /** Until the next round is waited for. */
  const roundOver = async (): Promise<void> => {
    while (clock.pendingTimers === 0) await new Promise((resolve) => void setImmediate(resolve));
  };
  await roundOver();
  assert.equal(keys.status([acme])[0]?.state, 'unreachable');
  assert.equal(keys.isOut(at ?? assert.fail('no key')), false);
  clock.advance(60_000);
  await roundOver();
  assert.equal(lines.filter((line) => line.includes('cannot be reached')).length, 1);
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  clock.advance(60_000);
  await checked;
  assert.ok(keys.untroubled);
  assert.match(lines.at(-1) ?? '', /works again/);
});

test('a provider without such an endpoint is not asked', async (t) => {
  const { check, provider, asked } = await setup(t);
  await check([{ ...provider([secrets.good]), keyCheckPath: undefined }]);
  assert.deepEqual(asked, []);
});
