/** The configuration from the page: an edit that is good, one that is not, going back, and rescue mode mended without a restart. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';
import { launchBrowser, visit, withoutChromium } from './browser.ts';

const editorOf = (page: Page): Locator => page.getByLabel('Text of the configuration, JSON5');
const saveOf = (page: Page): Locator => page.getByRole('button', { name: 'Save', exact: true });

describe('the configuration in the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('a mistake is named where it stands and cannot be saved; a good edit holds at once, and an earlier version comes back', async () => {
    await using gateway = await startTestGateway({ followsConfiguration: true });
    const file = join(gateway.stateDirectory, 'openclaw.json');
    await using visiting = await visit(browser, `${gateway.url}/#/configuration/file?token=${testToken}`);
    const { page, complaints } = visiting;
    await editorOf(page).fill('{\n  // limits\n  gateway: { limits: { connektions: 5 } },\n}\n');
    await page
      .getByText(/connektions/)
      .last()
      .waitFor();
    await page.locator('.editor-wrong').filter({ hasText: '3' }).waitFor();
    assert.equal(await saveOf(page).isDisabled(), true);

    await editorOf(page).fill('{\n  // kept\n  gateway: { limits: { connections: 55 } },\n}\n');
    await page.getByText('Nothing is wrong with it.').waitFor();
    await saveOf(page).click();
    await page.getByRole('link', { name: 'History, 2 versions' }).click();
    assert.match(await readFile(file, 'utf8'), /\/\/ kept/);
    assert.equal(gateway.keeper.current?.settings.gateway.limits.connections, 55);

    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('link', { name: 'History, 3 versions' }).waitFor();
    assert.notEqual(gateway.keeper.current?.settings.gateway.limits.connections, 55);
    assert.deepEqual(complaints, []);
  });

  test('rescue mode is mended from the page, and the gateway serves without a restart', async () => {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-rescue-'));
    try {
      await mkdir(join(home, '.openclaw'));
      await writeFile(join(home, '.openclaw/openclaw.json'), '{ gateway: { prot: 1 }\n');
      const token = 'token-from-the-environment';
      await using program = await startProgram({ home, env: { OPENCLAW_GATEWAY_TOKEN: token } });
      const { url } = await program.ready();
      await using visiting = await visit(browser, `${url}/#token=${token}`);
      const { page, complaints } = visiting;
      await page.getByText('Rescue mode: the configuration is broken').waitFor();
      assert.equal((await fetch(`${url}/readyz`)).status, 503);
      await page.getByRole('link', { name: 'Mend it' }).click();
      await editorOf(page).fill('{}\n');
      await page.getByText('Nothing is wrong with it.').waitFor();
      await saveOf(page).click();
      await page.getByText('Rescue mode').first().waitFor({ state: 'detached' });
      assert.equal((await fetch(`${url}/readyz`)).status, 200);
      assert.equal(program.child.exitCode, null);
      assert.deepEqual(complaints, []);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
