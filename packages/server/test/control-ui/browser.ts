/**
 * The real page in the real Chromium before a real gateway: the browser of the system, the page built from the sources as they are now, and what
 * every test wants to know of a visit.
 */
import { existsSync, globSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { root, runCommand } from '../repository/working-copy.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Undefined where the machine has none; `.ci/run` says that it must. */
export const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((file) => existsSync(file));

export const chromiumIsRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('chromium');

/** Says why tests with a browser are skipped; undefined where they run. */
export const withoutChromium = chromiumPath === undefined && !chromiumIsRequired ? 'there is no Chromium on the PATH' : false;

/** Root cannot have the sandbox, and the only page is ours. */
export function launchBrowser(): Promise<Browser> {
  buildPageIfOlder();
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
}

/** `npm ci` built it; whoever changed a source since then tests that change. */
function buildPageIfOlder(): void {
  const page = join(root, 'packages/control-ui');
  const built = join(page, 'dist/index.html');
  const sources = globSync(['src/**/*', 'index.html', 'vite.config.ts'], { cwd: page }).map((file) => statSync(join(page, file)).mtimeMs);
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  const { code, output } = runCommand(['node', 'scripts/build-control-ui.js'], { cwd: root });
  if (code !== 0) throw new Error(output);
}

/** An address of this machine that is not loopback: a browser that uses it comes from elsewhere as far as the gateway can tell. */
export const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of: exceptions of the page, and breaches of its policy. */
  readonly complaints: string[];
  /** Addresses of every request and WebSocket. */
  readonly asked: string[];
}

/** A profile of its own. */
export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  page.setDefaultTimeout(30_000);
  await page.goto(address);
  return { page, complaints, asked, [Symbol.asyncDispose]: () => context.close() };
}
