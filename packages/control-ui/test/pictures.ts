/**
 * Pictures of the pages with the made-up gateway, in Chromium:
 *
 *     node packages/control-ui/test/pictures.ts FOLDER [PAGE…]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { fixtureToken, startFixtureGateway } from './fixture-gateway.ts';

const [folder = 'pictures', ...wanted] = process.argv.slice(2);
const views = [
  { name: 'light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
] as const;

const shots: Readonly<Record<string, string>> = {
  overview: '#/overview',
  models: '#/models',
  names: '#/models/names',
  name: '#/models/names/fast',
  requests: '#/models/requests',
  request: '#/models/requests/req_1',
  keys: '#/keys',
};

async function take(browser: Browser, url: string): Promise<void> {
  for (const { name, ...options } of views) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.error(`${name}: ${message.text()}`));
    page.on('pageerror', (error) => console.error(`${name}: ${error.stack ?? error.message}`));
    if (wanted.length === 0 || wanted.includes('sign-in')) {
      await page.goto(url);
      await page.getByLabel('Gateway token').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      await page.screenshot({ path: join(folder, `sign-in-${name}.png`) });
    }
    await page.goto(`${url}#token=${fixtureToken}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    // A chart needs a past.
    await page.waitForTimeout(Number(process.env['PICTURE_WAIT_MS'] ?? 12_000));
    for (const [shot, hash] of Object.entries(shots)) {
      if (wanted.length > 0 && !wanted.includes(shot)) continue;
      await page.evaluate((to) => void (location.hash = to), hash);
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(folder, `${shot}-${name}.png`) });
    }
    await context.close();
  }
}

mkdirSync(folder, { recursive: true });
await using gateway = await startFixtureGateway();
await using browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
await take(browser, gateway.url);
