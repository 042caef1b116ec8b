/**
 * Makes the pictures of `docs/images`: the real page before a real gateway with made-up providers and some minutes of traffic.
 *
 *     node packages/server/test/control-ui/pictures.ts [SECONDS OF TRAFFIC] [light|dark|phone…]
 */
import { createServer, type ServerResponse } from 'node:http';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { startProgram } from '../harness/program.ts';
import { root } from '../repository/working-copy.ts';
import { launchBrowser, ownAddress, visit } from './browser.ts';

const folder = join(root, 'docs/images');
const token = 'a-token-for-pictures';
const trafficSeconds = Number(process.argv[2] ?? 150);
const views = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
} as const;
/** Of these there are pictures in the dark and on a phone too. */
const alsoOtherwise: ReadonlySet<string> = new Set(['overview', 'chat']);

/** Models of a provider that takes its time, and now and then fails. */
interface MadeUp extends AsyncDisposable {
  readonly baseUrl: string;
}

async function startMadeUpProvider(): Promise<MadeUp> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk))).on('end', () => void answer(text, response));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const said = [
  'It keeps **every step of every run** in a journal, on disk, before anybody is told of it:\n\n',
  '- what was asked, of whom, and what it cost\n',
  '- each call of a tool, and what came back\n',
  '- where each client had read to\n\n',
  'Kill it with `kill -9` and start it again: runs go on where they were.',
];

interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly content: string }[];
}

async function answer(text: string, response: ServerResponse): Promise<void> {
  const { model = '', stream = false, messages = [] } = JSON.parse(text === '' ? '{}' : text) as Asked;
  const isSlow = model.includes('sonnet');
  await wait((isSlow ? 500 : 150) + Math.random() ** 3 * (isSlow ? 2600 : 1400));
  if (model.includes('mistral') || Math.random() < (isSlow ? 0.06 : 0.004)) {
    const error = { message: 'The server is overloaded.', type: 'server_error' };
    response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    return;
  }
  const completion = 60 + Math.round(Math.random() * 400);
  const usage = { prompt_tokens: 900 + (messages.at(-1)?.content.length ?? 0), completion_tokens: completion, total_tokens: 0 };
  const whole = { id: 'x', object: 'chat.completion', created: 1, model };
  if (!stream) {
    const choices = [{ index: 0, message: { role: 'assistant', content: said.join('') }, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...whole, choices, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of said) {
    response.write(`data: ${JSON.stringify({ ...whole, choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`);
    await wait(60);
  }
  const last = { ...whole, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage };
  response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
}

function settingsFor(baseUrl: string): Record<string, unknown> {
  const provider = { baseUrl, api: 'openai-completions', apiKey: 'a-key-of-the-provider' };
  return {
    gateway: { bind: 'lan' },
    models: {
      providers: { openai: provider, anthropic: provider, mistral: provider },
      routes: {
        fast: { targets: ['openai/gpt-5-mini', 'mistral/mistral-large-latest'] },
        best: { strategy: 'latency', targets: ['anthropic/claude-sonnet-4-5', 'openai/gpt-5'] },
      },
    },
  };
}

const post = (address: string, key: string, body: object): Promise<Response> =>
  fetch(address, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });

/** Several programs that ask at their own pace until it is over. */
async function makeTraffic(url: string, over: AbortSignal): Promise<void> {
  const keys = await Promise.all(
    [
      { name: 'nightly-report', usdPerDay: 25, usdPerMonth: 500 },
      { name: 'support-desk', rpm: 400, tpm: 2_000_000, usdPerDay: 20 },
      { name: 'anna', usdPerMonth: 100 },
    ].map(async (json) => ((await (await post(`${url}/admin/v1/keys`, token, json)).json()) as { key: string }).key),
  );
  const models = [...Array.from({ length: 7 }, () => ['fast', 'best', 'openai/gpt-5']).flat(), 'mistral/mistral-large-latest'];
  const program = async (index: number): Promise<void> => {
    while (!over.aborted) {
      const body = { model: models[index % models.length], messages: [{ role: 'user', content: 'What does the gateway keep?' }] };
      await (await post(`${url}/v1/chat/completions`, keys[index % keys.length] ?? '', body)).text();
      await wait(100 + Math.random() * 900 * (1.3 + Math.sin(Date.now() / 20_000)));
    }
  };
  await Promise.all(Array.from({ length: 24 }, (_, index) => program(index)));
}

/** Looks around, and then asks whether it may write. */
const work = [
  '# Collect the open questions of last week in one file.',
  'say I look at what there is.',
  'tool list {}',
  'tool search {"pattern":"open question","path":"."}',
  '',
  'say There is nothing yet, so I begin the file.',
  'tool write {"path":"open-questions.md","content":"# Open questions\\n"}',
].join('\n');

/** What a page needs before there is something to see on it. */
const prepare: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async runs(page) {
    const { origin } = new URL(page.url());
    const created = await post(`${origin}/v1/runs`, token, { input: work, model: 'openclaw/rehearsal' });
    const { id } = (await created.json()) as { id: string };
    await page.evaluate(`location.hash = '#/runs/${id}'`);
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await wait(500);
  },
  async chat(page) {
    const last = page.getByText('runs go on where they were').last();
    if ((await last.count()) > 0) return;
    await page.getByPlaceholder('Write a message').fill('What does the gateway keep, and what happens when it dies?');
    await page.keyboard.press('Enter');
    await last.waitFor();
    await wait(500);
  },
};

async function takePictures(browser: Browser, port: string): Promise<void> {
  const wanted = process.argv.slice(3);
  for (const [name, options] of Object.entries(views).filter(([each]) => wanted.length === 0 || wanted.includes(each))) {
    await using visiting = await visit(browser, `http://127.0.0.1:${port}/#token=${token}`, { reducedMotion: 'reduce', ...options });
    const { page } = visiting;
    await page.getByText('Event loop', { exact: true }).waitFor();
    const links = page.getByRole('navigation', { name: 'Pages', includeHidden: true }).locator('a.nav-item');
    const ids = await links.evaluateAll((found) => found.map((link) => ((link as { hash?: string }).hash ?? '').slice(2)));
    // The charts of each profile begin when it comes.
    await wait(trafficSeconds * 1000);
    for (const id of ids) {
      if (name !== 'light' && !alsoOtherwise.has(id)) continue;
      await page.evaluate(`location.hash = '#/${id}'`);
      await page.locator(`.page-${id}`).waitFor();
      await page.waitForLoadState('networkidle');
      await page.locator('.waiting').first().waitFor({ state: 'detached' });
      await prepare[id]?.(page);
      await page.screenshot({ path: join(folder, `${id}-${name}.png`) });
    }
  }
}

mkdirSync(folder, { recursive: true });
await using provider = await startMadeUpProvider();
const home = join(tmpdir(), 'openclaw-pictures');
rmSync(home, { recursive: true, force: true });
mkdirSync(join(home, '.openclaw'), { recursive: true });
writeFileSync(join(home, '.openclaw/openclaw.json'), `${JSON.stringify(settingsFor(provider.baseUrl), undefined, 2)}\n`);
await using program = await startProgram({ home, env: { OPENCLAW_GATEWAY_TOKEN: token } });
const { port } = new URL((await program.ready()).url);
const over = new AbortController();
const traffic = makeTraffic(`http://127.0.0.1:${port}`, over.signal);
const browser = await launchBrowser();
try {
  // Somebody who waits to be let in.
  await using stranger = await visit(browser, `http://${ownAddress ?? '127.0.0.1'}:${port}/#token=${token}`);
  await takePictures(browser, port);
  await stranger.page.screenshot({ path: join(folder, 'pairing-light.png') });
} finally {
  over.abort();
  await traffic;
  await browser.close();
}
