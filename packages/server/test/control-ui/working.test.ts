/** What operators do on the pages from day to day: talk, let a device in, look for what is wrong. More of each page: the files beside this one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { launchBrowser, ownAddress, visit, withoutChromium } from './browser.ts';

const script = ['say One.', 'wait 1500ms', 'say Two.'].join('\n');

async function write(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder('Write a message').fill(text);
  await page.keyboard.press('Enter');
}

describe('working with the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('an answer is read as it comes, and is there again after a reload', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page, complaints } = visiting;
    await write(page, script);
    const writing = page.getByRole('article', { name: 'Answer that is being written' });
    await writing.getByText('One.').waitFor();
    assert.equal(await writing.getByText('Two.').count(), 0);
    const answer = page.getByRole('article', { name: /^Answer, / });
    await answer.getByText('Two.').waitFor();
    await writing.waitFor({ state: 'detached' });
    await page.reload();
    await answer.getByText('Two.').waitFor();
    assert.equal(await answer.count(), 1);
    assert.deepEqual(complaints, []);
  });

  test('a second profile is seen by the first, and let in there', { skip: !ownAddress }, async () => {
    await using gateway = await startTestGateway({ settings: { gateway: { bind: 'lan' } } });
    const { port } = new URL(gateway.url);
    await using first = await visit(browser, `http://127.0.0.1:${port}/#/devices?token=${testToken}`);
    await first.page.getByText('Nobody.').waitFor();
    await using second = await visit(browser, `http://${ownAddress ?? ''}:${port}/#token=${testToken}`);
    const asks = first.page.getByRole('button', { name: 'Approve Chrome on Linux' });
    await asks.waitFor();
    assert.ok((await first.page.locator('.page-devices').innerText()).includes(ownAddress ?? ''));
    await asks.click();
    await second.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await first.page.getByText('Nobody.').waitFor();
    assert.deepEqual([...first.complaints, ...second.complaints], []);
  });

  test('the doctor names each thing that it looked at', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/doctor?token=${testToken}`);
    const { page, complaints } = visiting;
    await page
      .locator('.page-doctor')
      .getByText(/configuration/i)
      .first()
      .waitFor();
    assert.deepEqual(complaints, []);
  });
});
