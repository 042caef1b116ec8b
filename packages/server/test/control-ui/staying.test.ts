/** What the page does while it is open: comes back after a restart, shows what is wrong, is used by keyboard and on a phone, hinders nobody. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { globSync, readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { root } from '../repository/working-copy.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, visit, withoutChromium } from './browser.ts';

async function ask(gateway: TestGateway, content: string): Promise<void> {
  const json = { model: 'openclaw/rehearsal', messages: [{ role: 'user', content }] };
  await (await gateway.request('/v1/chat/completions', { json })).text();
}

const pagesOf = (page: Page): Promise<string[]> =>
  page
    .getByRole('navigation', { name: 'Pages' })
    .locator('a.nav-item')
    .evaluateAll((links) => links.map((link) => (link as { hash?: string }).hash ?? ''));

describe('the Control UI while it is open', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('all of it is at most 250 KB compressed', () => {
    const files = globSync('packages/control-ui/dist/**/*.*', { cwd: root }).map(
      (file) => brotliCompressSync(readFileSync(join(root, file))).length,
    );
    const total = files.reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(files.length >= 3 && total < 250_000, `${total} bytes`);
  });

  test('a restart of the gateway is shown and over without a reload', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-restart-'));
    try {
      const gateway = await startTestGateway({ stateDirectory });
      const { port } = new URL(gateway.url);
      await using visiting = await visit(browser, `${gateway.url}/#token=${testToken}`);
      const { page, complaints } = visiting;
      await page.getByText('Event loop', { exact: true }).waitFor();
      await page.evaluate('globalThis.stillTheSamePage = true');
      await gateway[Symbol.asyncDispose]();
      await page.getByText('The gateway does not answer.').waitFor();
      await using again = await startTestGateway({ stateDirectory, environment: { OPENCLAW_GATEWAY_PORT: port } });
      assert.equal(again.url, gateway.url);
      await page.getByText('The gateway does not answer.').waitFor({ state: 'detached' });
      assert.equal(await page.evaluate('globalThis.stillTheSamePage'), true);
      assert.deepEqual(complaints, []);
    } finally {
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });

  test('a configuration that is refused is shown with its reason, and a mended one takes the notice away', async () => {
    await using gateway = await startTestGateway({ followsConfiguration: true });
    const file = join(gateway.stateDirectory, 'openclaw.json');
    const good = await readFile(file, 'utf8');
    await using visiting = await visit(browser, `${gateway.url}/#token=${testToken}`);
    const { page } = visiting;
    await page.getByText('Event loop', { exact: true }).waitFor();
    await writeFile(file, '{ gateway: { prot: 1 } }');
    await page.getByText('The configuration file was refused').waitFor();
    await page.getByText('gateway.prot').first().waitFor();
    await writeFile(file, good);
    await page.getByText('The configuration file was refused').waitFor({ state: 'detached' });
  });

  test('a request shows each of its tries, and the address opens it again', async () => {
    await using gateway = await startTestGateway({ settings: { models: { retry: { baseDelayMs: 1 } } } });
    await ask(gateway, 'fail 429 x2\nsay Hello.');
    await using visiting = await visit(browser, `${gateway.url}/#/models/requests?token=${testToken}`);
    const { page, complaints } = visiting;
    await page.getByRole('row').nth(1).getByRole('link').click();
    const drawer = page.getByRole('dialog', { name: 'Request' });
    await drawer.getByText('3 tries').waitFor();
    assert.equal(await drawer.getByText('upstream rate limited').count(), 2);
    await page.reload();
    await drawer.getByText('3 tries').waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).hash, '#/models/requests');
    assert.deepEqual(complaints, []);
  });

  test('a breaker is held open and closed again', async () => {
    await using gateway = await startTestGateway();
    await ask(gateway, 'say Hello.');
    await using visiting = await visit(browser, `${gateway.url}/#/models?token=${testToken}`);
    const { page } = visiting;
    await page.getByRole('button', { name: 'Hold open openclaw/rehearsal' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Hold open' }).click();
    await page.getByText('held open', { exact: true }).waitFor();
    const refused = await gateway.request('/v1/chat/completions', {
      json: { model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say x' }] },
    });
    assert.equal(refused.status, 503);
    await page.getByRole('button', { name: 'Close openclaw/rehearsal' }).click();
    await page.getByText('held open', { exact: true }).waitFor({ state: 'detached' });
  });

  test('a key is made, shown once, limited, and revoked', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/keys?token=${testToken}`);
    const { page } = visiting;
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('A name tells keys apart in the accounts.').waitFor();
    await page.getByLabel('Name').fill('ci');
    await page.getByRole('button', { name: 'Create' }).click();
    const key = await page.getByRole('dialog').locator('.copy-text code').innerText();
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 200);
    await page.getByRole('button', { name: 'I have it' }).click();
    assert.ok(!(await page.content()).includes(key));
    await page.getByRole('button', { name: 'Change ci' }).click();
    await page.getByLabel('US$ a day').fill('5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('of $5.00').waitFor();
    await page.getByRole('button', { name: 'Revoke ci' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No keys yet').waitFor();
    assert.equal((await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status, 401);
  });

  test('each page is reached by keyboard, hinders nobody seriously in light and in dark, and fits a phone', async () => {
    await using gateway = await startTestGateway();
    await ask(gateway, 'say Hello.');
    const address = `${gateway.url}/#token=${testToken}`;
    for (const options of [
      { colorScheme: 'light' },
      { colorScheme: 'dark' },
      { colorScheme: 'light', viewport: { width: 390, height: 844 } },
    ] as const) {
      await using visiting = await visit(browser, address, { reducedMotion: 'reduce', ...options });
      const { page, complaints } = visiting;
      await page.getByText('Event loop', { exact: true }).waitFor();
      for (const hash of await pagesOf(page)) {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await page.locator(`.page-${hash.slice(2)}`).waitFor();
        await page.waitForLoadState('networkidle');
        assert.deepEqual(await findings(page), [], `${hash} ${JSON.stringify(options)}`);
        const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        assert.equal(beyond, 0, `${hash} is wider than the screen`);
      }
      assert.deepEqual(complaints, []);
    }
    await using visiting = await visit(browser, address);
    const { page } = visiting;
    await page.getByText('Event loop', { exact: true }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    await page.keyboard.press('?');
    const listed = page.getByRole('dialog', { name: 'Keyboard shortcuts' }).locator('dl > div');
    const keys = (await listed.allInnerTexts()).map((text) => text.split(/\s+/)).filter(([first]) => first === 'g');
    const documented = readFileSync(join(root, 'docs/control-ui.md'), 'utf8').matchAll(/^\| ([\w ]+) \| `g` `(\w)` \|/gm);
    assert.deepEqual(
      keys.map(([, key, ...title]) => `${title.join(' ')} ${key ?? ''}`),
      Array.from(documented, ([, title, key]) => `${title ?? ''} ${key ?? ''}`),
    );
  });

  test('the form for the token hinders nobody seriously', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, gateway.url);
    await visiting.page.getByLabel('Gateway token').waitFor();
    assert.deepEqual(await findings(visiting.page), []);
  });
});
