/**
 * `@openclaw/client` in Chromium, from the files that its package holds. The page has the origin of the gateway, which sends no CORS headers; its HTML and
 * the modules are put there by the browser's driver.
 *
 * Without Chromium on the PATH it is skipped, unless OPENCLAW_TEST_REQUIRE says `chromium`, as `.ci/run` does.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import type * as client from '../../../client/src/index.ts';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { chatStream, chatWhole } from '../harness/wire.ts';
import { createWorkingCopy, runCommand, type WorkingCopy } from '../repository/working-copy.ts';

declare global {
  /** In the page: what the package exports. */
  var openclaw: typeof client;
  /** In the page. */
  var location: { readonly origin: string };
}

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const executablePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((file) => existsSync(file));
const required = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('chromium');

const flags = [
  // Root cannot have it, and the only page is ours.
  '--no-sandbox',
  // A page that its driver made up counts as one from far away, which may not ask a server of this machine.
  '--disable-features=LocalNetworkAccessChecks',
];

/** Packs protocol and client, unpacks them, and gives their files by the names under which the page finds them. */
function packModules(copy: WorkingCopy): ReadonlyMap<string, string> {
  const tarballs = join(copy.path, 'tarballs');
  mkdirSync(tarballs);
  const packed = copy.run('npm', 'pack', '-w', 'packages/protocol', '-w', 'packages/client', '--pack-destination', tarballs);
  assert.equal(packed.code, 0, packed.output);
  const modules = new Map<string, string>();
  const imports: Record<string, string> = {};
  for (const name of ['protocol', 'client']) {
    const folder = join(copy.path, 'unpacked', name);
    mkdirSync(folder, { recursive: true });
    const tarball = readdirSync(tarballs).find((file) => file.includes(name)) ?? '';
    const { code, output } = runCommand(['tar', '-xzf', join(tarballs, tarball), '-C', folder, '--strip-components=1'], { cwd: copy.path });
    assert.equal(code, 0, output);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.js')) modules.set(`/page/${name}/${file}`, readFileSync(join(folder, file), 'utf8'));
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: { '.': { default: string } } };
    imports[`@openclaw/${name}`] = join('/page', name, manifest.exports['.'].default);
  }
  const html = [
    '<!doctype html><title>test</title>',
    `<script type="importmap">${JSON.stringify({ imports })}</script>`,
    `<script type="module">globalThis.openclaw = await import('@openclaw/client');</script>`,
  ];
  return modules.set('/page/', html.join('\n'));
}

/** A page of the gateway's origin in which `openclaw` is there. */
async function openPage(browser: Browser, gateway: TestGateway, modules: ReadonlyMap<string, string>): Promise<Page & AsyncDisposable> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.route(`${gateway.url}/page/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const body = modules.get(pathname);
    const contentType = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
    await route.fulfill(body === undefined ? { status: 404 } : { body, contentType });
  });
  await page.goto(`${gateway.url}/page/`);
  await page
    .waitForFunction(() => 'openclaw' in globalThis)
    .catch((error: unknown) => {
      throw new Error(`the package does not load in a page: ${failures.join('; ')}`, { cause: error });
    });
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
}

/** What a server that wants to be asked by pages of others sends. */
const open = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-expose-headers': 'retry-after' };

/** Answers the browser's question beforehand, then what the test says, with the headers for strangers. */
function forStrangers(...replies: Reply[]): Reply {
  let answered = 0;
  return (response, request) => {
    for (const [name, value] of Object.entries(open)) response.setHeader(name, value);
    if (request.text === '') return void response.writeHead(204).end();
    return replies[Math.min(answered++, replies.length - 1)]?.(response, request);
  };
}

const asked = (provider: TestProvider): number => provider.requests.filter(({ text }) => text !== '').length;

test('Chromium is there where it has to be', { skip: !required && 'OPENCLAW_TEST_REQUIRE does not say chromium' }, () => {
  assert.ok(executablePath, `none of ${names.join(', ')} is on the PATH`);
});

describe('@openclaw/client in a page', { skip: executablePath === undefined && 'there is no Chromium on the PATH' }, () => {
  let browser: Browser;
  let modules: ReadonlyMap<string, string>;

  before(async () => {
    using copy = createWorkingCopy();
    modules = packModules(copy);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags });
  });
  after(() => browser.close());

  test('gets whole answers, streams and the list of models, and leaves nothing under way', async () => {
    await using gateway = await startTestGateway();
    await using page = await openPage(browser, gateway, modules);
    const seen = await page.evaluate(async (token) => {
      await using asking = new openclaw.OpenClaw({ baseURL: `${location.origin}/v1`, token });
      const request = {
        model: 'openclaw/rehearsal',
        messages: [{ role: 'user', content: 'say Grüße from the page.\ntool read {"path":"a.txt"}' }],
      } as const;
      const whole = await asking.chat.completions.create(request);
      const texts: string[] = [];
      const calls: string[] = [];
      const finishes: string[] = [];
      const streamed = await asking.chat.completions.create({ ...request, stream: true });
      for await (const { choices } of streamed) {
        texts.push(choices[0]?.delta.content ?? '');
        for (const call of choices[0]?.delta.tool_calls ?? []) calls.push(`${call.function?.name ?? ''}${call.function?.arguments ?? ''}`);
        if (choices[0]?.finish_reason) finishes.push(choices[0].finish_reason);
      }
      const models = await asking.models.list();
      return {
        whole: whole.choices[0]?.message.content,
        usage: (whole.usage?.completion_tokens ?? 0) > 0,
        pieces: texts.filter((text) => text !== '').length,
        text: texts.join(''),
        calls: calls.join(''),
        finishes,
        requestId: typeof streamed.requestId,
        models: models.data.map(({ id }) => id),
        running: asking.limiter.running,
      };
    }, testToken);
    assert.ok(seen.pieces > 1);
    assert.deepEqual(seen, {
      whole: 'Grüße from the page.',
      usage: true,
      pieces: seen.pieces,
      text: 'Grüße from the page.',
      calls: 'read{"path":"a.txt"}',
      finishes: ['tool_calls'],
      requestId: 'string',
      models: ['openclaw/rehearsal'],
      running: 0,
    });
  });

  test('has typed errors with the status, the code and the pause that the gateway says', async () => {
    await using gateway = await startTestGateway({ settings: { models: { retry: { attempts: 1 } } } });
    await using page = await openPage(browser, gateway, modules);
    const errors = await page.evaluate(async (token) => {
      const caught = async (key: string, content: string, model = 'openclaw/rehearsal') => {
        await using asking = new openclaw.OpenClaw({ baseURL: `${location.origin}/v1`, token: key, retry: { attempts: 1 } });
        const error: unknown = await asking.chat.completions
          .create({ model, messages: [{ role: 'user', content }] })
          .catch((thrown: unknown) => thrown);
        if (!(error instanceof openclaw.OpenClawError)) return String(error);
        return [error.status, error.code, error.retryable, (error.retryAfterMs ?? 0) > 1000, error.requestId !== undefined];
      };
      return [await caught('nobody', 'say x'), await caught(token, 'say x', 'nothing'), await caught(token, 'fail 429 retry-after 9s')];
    }, testToken);
    assert.deepEqual(errors, [
      [401, 'invalid_credentials', false, false, true],
      [404, 'model_not_found', false, false, true],
      [429, 'upstream_rate_limited', false, true, true],
    ]);
  });

  test('stops the provider when a stream is left, aborted or its client disposed of', async () => {
    await using provider = await startProvider(stream(chatStream({ text: ['The ', 'end'] }).slice(0, 2), { end: 'hang' }));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    await using page = await openPage(browser, gateway, modules);
    for (const way of ['leave', 'abort', 'dispose'] as const) {
      const cut = provider.cutOff();
      const reason = await page.evaluate(
        async ([token, how]) => {
          const leaving = new AbortController();
          const asking = new openclaw.OpenClaw({ baseURL: `${location.origin}/v1`, token });
          const request = { model: 'acme/large', messages: [{ role: 'user', content: 'x' }], stream: true } as const;
          try {
            for await (const chunk of await asking.chat.completions.create(request, { signal: leaving.signal })) {
              if (!chunk.choices[0]?.delta.content) continue;
              if (how === 'leave') break;
              if (how === 'abort') leaving.abort(new Error('enough'));
              // Its promise waits for this loop to end.
              if (how === 'dispose') void asking.close();
            }
            return 'left';
          } catch (error) {
            return error instanceof openclaw.OpenClawError ? error.code : (error as Error).message;
          } finally {
            await asking.close();
          }
        },
        [testToken, way] as const,
      );
      assert.equal(reason, { leave: 'left', abort: 'enough', dispose: 'client_disposed' }[way]);
      await cut;
    }
  });

  test('limits, breaks and tries again alone, before another server with the same API', async () => {
    const busy = json({ error: { message: 'busy' } }, 503, { 'retry-after': '0.01' });
    await using provider = await startProvider(forStrangers(busy, busy, json(chatWhole({ text: 'At last.' })), busy));
    await using gateway = await startTestGateway();
    await using page = await openPage(browser, gateway, modules);
    const seen = await page.evaluate(async (baseURL) => {
      const { CircuitBreaker, ConcurrencyLimiter, OpenClawError, withRetry } = openclaw;
      const limiter = new ConcurrencyLimiter({ limit: 1 });
      const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: 60_000 });
      const waits: number[] = [];
      const ask = async (signal: AbortSignal): Promise<string> => {
        const response = await fetch(`${baseURL}/chat/completions`, { method: 'POST', body: '{"model":"large","messages":[]}', signal });
        const retryAfterMs = Number(response.headers.get('retry-after')) * 1000;
        if (!response.ok) throw Object.assign(new Error('busy'), { retryable: true, retryAfterMs });
        return ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '';
      };
      const call = () =>
        limiter.run(() =>
          breaker.run(() =>
            withRetry(({ signal }) => ask(signal), { attempts: 3, baseDelayMs: 1, onRetry: ({ delayMs }) => waits.push(delayMs) }),
          ),
        );
      const first = await call();
      const [second, third] = await Promise.allSettled([call(), call()]);
      const codeOf = (settled: PromiseSettledResult<string>) =>
        settled.status === 'rejected'
          ? settled.reason instanceof OpenClawError
            ? settled.reason.code
            : String(settled.reason)
          : settled.value;
      return {
        first,
        second: codeOf(second),
        third: codeOf(third),
        state: breaker.state,
        patient: waits.every((wait) => wait >= 10),
        tries: waits.length,
      };
    }, provider.baseUrl);
    assert.deepEqual(seen, { first: 'At last.', second: 'Error: busy', third: 'circuit_open', state: 'open', patient: true, tries: 4 });
    assert.equal(asked(provider), 6);
  });

  test('asks another server with the same API whole, tries and all', async () => {
    const busy = json({ error: { message: 'busy' } }, 503, { 'retry-after': '0.01' });
    await using provider = await startProvider(forStrangers(busy, stream(chatStream({ text: ['At ', 'last.'] }))));
    await using gateway = await startTestGateway();
    await using page = await openPage(browser, gateway, modules);
    const text = await page.evaluate(async (baseURL) => {
      await using asking = new openclaw.OpenClaw({ baseURL, retry: { baseDelayMs: 1 } });
      let said = '';
      for await (const { choices } of await asking.chat.completions.create({ model: 'large', messages: [], stream: true })) {
        said += choices[0]?.delta.content ?? '';
      }
      return said;
    }, provider.baseUrl);
    assert.equal(text, 'At last.');
    assert.equal(asked(provider), 2);
  });
});
