/** Conversations that outlive what happens to the gateway and to the tab, and texts that would be more than text. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, visit, withoutChromium } from './browser.ts';

async function write(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder('Write a message').fill(text);
  await page.keyboard.press('Enter');
}

const writing = (page: Page) => page.getByRole('article', { name: 'Answer that is being written' });
const answers = (page: Page) => page.getByRole('article', { name: /^Answer, / });

describe('conversations in the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('an answer that is being written is taken up by a tab that is loaded anew, and Escape stops it', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page, complaints } = visiting;
    await write(page, 'say One.\nwait 5m\nsay Two.');
    await writing(page).getByText('One.').waitFor();
    await page.reload();
    await writing(page).getByText('One.').waitFor();
    await page.keyboard.press('Escape');
    await writing(page).waitFor({ state: 'detached' });
    await answers(page).getByText('ended before all of it was said').waitFor();
    await page.reload();
    await answers(page).getByText('ended before all of it was said').waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('after the gateway was killed and started again the page shows the rest of its answer, and goes on without a reload', async () => {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-conversing-'));
    try {
      const first = await startProgram({ home });
      const { url, token } = await first.ready();
      await using visiting = await visit(browser, `${url}/#/chat?token=${token}`);
      const { page, complaints } = visiting;
      await page.evaluate('globalThis.stillTheSamePage = true');
      await write(page, 'say One.\nwait 3s\nsay Two.');
      await writing(page).getByText('One.').waitFor();
      await first[Symbol.asyncDispose]();
      await page.getByText('The gateway does not answer.').waitFor();
      // What is written meanwhile goes out once there is somebody to take it.
      await using again = await startProgram({ home, env: { OPENCLAW_GATEWAY_PORT: new URL(url).port } });
      await again.ready();
      await page.getByText('The gateway does not answer.').waitFor({ state: 'detached' });
      await answers(page).getByText('Two.').waitFor();
      await answers(page).getByText('One.').waitFor();
      await write(page, 'say Three.');
      await answers(page).getByText('Three.').waitFor();
      assert.equal(await page.getByRole('alert').count(), 0);
      assert.equal(await page.evaluate('globalThis.stillTheSamePage'), true);
      assert.deepEqual(complaints, []);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  test('a message that was written while nobody was there is sent once, when somebody is', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-unsent-'));
    try {
      await using gateway = await startTestGateway({ stateDirectory });
      const { port } = new URL(gateway.url);
      await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
      const { page } = visiting;
      await page.getByText('Nothing said yet', { exact: true }).waitFor();
      await gateway[Symbol.asyncDispose]();
      await page.getByText('The gateway does not answer.').waitFor();
      await write(page, 'say At last.');
      await page.getByText('not sent yet').waitFor();
      await using _ = await startTestGateway({ stateDirectory, environment: { OPENCLAW_GATEWAY_PORT: port } });
      await answers(page).getByText('At last.').waitFor();
      await page.getByText('not sent yet').waitFor({ state: 'detached' });
      assert.equal(await page.getByRole('article', { name: /^You, / }).count(), 1);
      assert.equal(await answers(page).count(), 1);
    } finally {
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });

  test('a failure is told with its code, and the next message goes on', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page } = visiting;
    await write(page, 'fail 400');
    const alert = page.getByRole('alert');
    await alert.getByText('upstream_refused').waitFor();
    assert.match(await alert.innerText(), /Rehearsed failure/);
    await page.reload();
    await alert.getByText('upstream_refused').waitFor();
    await write(page, 'say Well.');
    await answers(page).getByText('Well.').waitFor();
    assert.equal(await alert.count(), 0);
  });

  test('a text is shown as its Markdown, and what would run in the page is text', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page, complaints, asked } = visiting;
    const hostile = '<img src=x onerror="globalThis.ran=1"> <script>globalThis.ran=1</script> [go](javascript:globalThis.ran=1)';
    await write(page, ['say - a', 'say - **b**', 'say ```js', 'say let a = 1;', 'say ```', `say ${hostile}`].join('\n'));
    await writing(page).waitFor({ state: 'detached' });
    const answer = answers(page);
    await answer.locator('li strong', { hasText: 'b' }).waitFor();
    assert.equal(await answer.locator('pre code').innerText(), 'let a = 1;');
    assert.ok((await answer.innerText()).includes('<script>globalThis.ran=1</script> [go](javascript:'));
    assert.equal(await answer.locator('.message-text').locator('img, script, a').count(), 0);
    assert.equal(await page.evaluate('globalThis.ran'), undefined);
    assert.ok(asked.every((address) => new URL(address).host === new URL(gateway.url).host));
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(complaints, []);
  });

  test('conversations are begun, named after their first words, renamed, begun anew and deleted', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page, complaints } = visiting;
    await page.getByRole('button', { name: 'New conversation' }).click();
    await write(page, 'say Hello there.');
    await page.getByRole('link', { name: /say Hello there/ }).waitFor();
    await page.getByLabel('Model').selectOption('openclaw/rehearsal');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Greetings');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'Greetings' }).waitFor();
    await page.getByRole('button', { name: 'Begin anew' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Begin anew' }).click();
    await page.getByText('Nothing said yet', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Model').inputValue(), 'openclaw/rehearsal');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: /Greetings/ }).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).hash, '#/chat');
    assert.deepEqual(complaints, []);
  });
});
