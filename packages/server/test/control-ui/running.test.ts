/** Agents at work in the page: watched as they go, asked about, stopped and begun again elsewhere. */
import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OpenClaw } from '@openclaw/client';
import type { Browser, Page } from 'playwright-core';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, visit, withoutChromium } from './browser.ts';

const settings = { agents: { defaults: { tools: { allow: ['list', 'read'], ask: ['write'] } } } };
const writes = (path: string): string => `say Let me look.\ntool list {}\ntool write {"path":"${path}","content":"hello"}\nsay Written.`;

const step = (page: Page, name: string) => page.locator('details.step').filter({ has: page.locator('.step-name', { hasText: name }) });
const question = (page: Page) => page.getByRole('region', { name: /^May .* be called/ });
const written = (gateway: TestGateway, path: string): string => join(gateway.stateDirectory, 'workspaces/main', path);

async function write(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder('Write a message').fill(text);
  await page.keyboard.press('Enter');
}

describe('runs in the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('a run is listed as it goes, its steps are watched, and its approval is given on its page', async () => {
    await using gateway = await startTestGateway({ settings });
    await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
    await using visiting = await visit(browser, `${gateway.url}/#/runs?token=${testToken}`);
    const { page, complaints } = visiting;
    await page.getByText('No runs yet').waitFor();
    const { id } = await openclaw.runs.create({ input: `wait 4s\n${writes('a.txt')}` });
    await page.getByRole('link', { name: /Let me look/ }).click();
    await step(page, 'openclaw/rehearsal').getByText('running').waitFor();
    await question(page).waitFor();
    assert.deepEqual(await page.locator('.step-name').allInnerTexts(), ['openclaw/rehearsal', 'list', 'write']);
    await page.getByLabel('Note').fill('for once');
    await question(page).getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Finished', { exact: true }).waitFor();
    await question(page).waitFor({ state: 'detached' });
    await step(page, 'write').locator('summary').click();
    const body = step(page, 'write').locator('.step-body');
    assert.match(await body.innerText(), /"path": "a.txt"[\s\S]*by device:[0-9a-f]+: for once/);
    await page.getByRole('region', { name: 'Output' }).last().getByText('Written.').waitFor();
    assert.equal(await readFile(written(gateway, 'a.txt'), 'utf8'), 'hello');
    assert.equal((await openclaw.runs.get(id)).status, 'finished');
    assert.deepEqual(complaints, []);
  });

  test('in the chat calls show as they happen, a call is rejected in place, and the answer leads to its run', async () => {
    await using gateway = await startTestGateway({ settings });
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page, complaints } = visiting;
    await write(page, writes('b.txt'));
    await step(page, 'list').getByText('done').waitFor();
    // What waits for somebody waits for them after a reload too.
    await page.reload();
    await step(page, 'write').getByText('waits for approval').waitFor();
    await page.getByLabel('Note').fill('not that file');
    await question(page).getByRole('button', { name: 'Reject' }).click();
    const answer = page.getByRole('article', { name: /^Answer, / });
    await answer.getByText('Written.').waitFor();
    await step(page, 'write').getByText('failed').waitFor();
    await page.reload();
    await step(page, 'write').locator('summary').click();
    await step(page, 'write').locator('pre').last().getByText('not that file').waitFor();
    assert.deepEqual(await page.locator('.step-name').allInnerTexts(), ['list', 'write']);
    await assert.rejects(access(written(gateway, 'b.txt')));
    await answer.getByRole('link', { name: 'Run' }).click();
    await page.getByRole('list', { name: 'Timeline' }).getByText('Finished', { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('a call is approved in the chat, and its answer goes on', async () => {
    await using gateway = await startTestGateway({ settings });
    await using visiting = await visit(browser, `${gateway.url}/#/chat?token=${testToken}`);
    const { page } = visiting;
    await write(page, writes('c.txt'));
    await question(page).getByRole('button', { name: 'Approve' }).click();
    await page
      .getByRole('article', { name: /^Answer, / })
      .getByText('Written.')
      .waitFor();
    assert.equal(await readFile(written(gateway, 'c.txt'), 'utf8'), 'hello');
  });

  test('what an agent asks that was handed a task is asked where the task came from', async () => {
    const agents = {
      defaults: settings.agents.defaults,
      entries: { main: { agents: ['helper'], tools: { allow: ['agent'] } }, helper: {} },
    };
    await using gateway = await startTestGateway({ settings: { agents } });
    await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
    const input = `tool agent ${JSON.stringify({ agent: 'helper', task: 'tool write {"path":"h.txt","content":"hello"}\nsay Helped.' })}\nsay Done.`;
    const { id } = await openclaw.runs.create({ input });
    await using visiting = await visit(browser, `${gateway.url}/#/runs/${id}?token=${testToken}`);
    const { page, complaints } = visiting;
    await question(page).getByRole('button', { name: 'Approve' }).click();
    await page.getByText('Finished', { exact: true }).waitFor();
    await question(page).waitFor({ state: 'detached' });
    assert.equal(await readFile(join(gateway.stateDirectory, 'workspaces/helper/h.txt'), 'utf8'), 'hello');
    await step(page, 'agent').locator('summary').click();
    await step(page, 'agent').locator('pre').last().getByText('Helped.').waitFor();
    await step(page, 'agent').getByRole('link', { name: /^run_/ }).click();
    await page.getByRole('link', { name: id }).waitFor();
    await step(page, 'write').getByText('done').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('a fork from a step has its history, and cancelling ends what waits', async () => {
    await using gateway = await startTestGateway({ settings });
    await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
    const { id } = await openclaw.runs.create({ input: writes('d.txt') });
    await using visiting = await visit(browser, `${gateway.url}/#/runs/${id}?token=${testToken}`);
    const { page, complaints } = visiting;
    await question(page).waitFor();
    await step(page, 'openclaw/rehearsal').locator('summary').click();
    await page.getByRole('button', { name: 'Fork after step 1' }).click();
    await page.getByText(`from ${id}, after its event`).waitFor();
    await question(page).waitFor();
    const forked = new URL(page.url()).hash.split('/').at(-1) ?? '';
    assert.equal((await openclaw.runs.get(forked)).forkedFrom?.runId, id);
    assert.deepEqual(await page.locator('.step-name').allInnerTexts(), ['openclaw/rehearsal', 'list', 'write']);
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    await step(page, 'write').getByText('stopped').waitFor();
    await question(page).waitFor({ state: 'detached' });
    assert.equal((await openclaw.runs.get(forked)).status, 'cancelled');
    // The one that it came from still waits, and is what the filter finds.
    await page.goto(`${gateway.url}/#/runs`);
    await page.getByLabel('Status').selectOption('parked');
    await page.locator('tbody tr').getByText('waits', { exact: true }).waitFor();
    await page.getByText('cancelled', { exact: true }).last().waitFor({ state: 'hidden' });
    assert.deepEqual(await page.locator('tbody a.run-link').evaluateAll((links) => links.map((link) => link.getAttribute('href'))), [
      `#/runs/${id}`,
    ]);
    assert.deepEqual(complaints, []);
  });

  test('a run that failed is tried again from its page, which goes on showing it', async () => {
    await using gateway = await startTestGateway();
    await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
    const { id } = await openclaw.runs.create({ input: 'fail 400' });
    await using visiting = await visit(browser, `${gateway.url}/#/runs/${id}?token=${testToken}`);
    const { page, complaints } = visiting;
    await page.getByRole('alert').getByText('upstream_refused').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Tried again', { exact: true }).waitFor();
    await step(page, 'openclaw/rehearsal').nth(1).getByText('failed').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('a call that was under way when the gateway was killed is asked about, and decided on its page', async () => {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-running-'));
    try {
      await mkdir(join(home, '.openclaw'));
      const tools = { agents: { defaults: { tools: { allow: ['exec'], deny: [] } } } };
      await writeFile(join(home, '.openclaw/openclaw.json'), JSON.stringify(tools));
      await using first = await startProgram({ home });
      const { url, token } = await first.ready();
      await using openclaw = new OpenClaw({ baseURL: url, token });
      const { id } = await openclaw.runs.create({ input: 'tool exec {"command":"sleep 60"}\nsay So it was.' });
      await using visiting = await visit(browser, `${url}/#/runs/${id}?token=${token}`);
      const { page, complaints } = visiting;
      await step(page, 'exec').getByText('running').waitFor();
      first.child.kill('SIGKILL');
      await first.exited();
      await using again = await startProgram({ home, env: { OPENCLAW_GATEWAY_PORT: new URL(url).port } });
      await again.ready();
      const asked = page.getByRole('region', { name: /^Was .* done/ });
      await asked.waitFor({ timeout: 60_000 });
      await page.getByText('Recovered', { exact: true }).waitFor();
      await asked.getByRole('button', { name: 'It was done' }).click();
      await asked.getByLabel('Result').fill('it had slept');
      await asked.getByRole('button', { name: 'Decide' }).click();
      await page.getByText('Finished', { exact: true }).waitFor();
      await step(page, 'exec').getByText('found done').waitFor();
      await step(page, 'exec').locator('summary').click();
      await step(page, 'exec').locator('pre').last().getByText('it had slept').waitFor();
      assert.deepEqual(complaints, []);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the pages of runs hinder nobody, ${colorScheme}, and fit a phone`, async () => {
      await using gateway = await startTestGateway({ settings });
      await using openclaw = new OpenClaw({ baseURL: gateway.url, token: testToken });
      const { id } = await openclaw.runs.create({ input: writes('e.txt'), session: 'agent:main:main' });
      const options = { colorScheme, viewport: { width: 390, height: 844 } };
      await using visiting = await visit(browser, `${gateway.url}/#/runs/${id}?token=${testToken}`, options);
      const { page } = visiting;
      const look = async (where: string): Promise<void> => {
        const isTooWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        assert.deepEqual([where, isTooWide, await findings(page)], [where, false, []]);
      };
      await question(page).waitFor();
      for (const summary of await page.locator('details.step > summary').all()) await summary.click();
      await look('a run');
      await page.goto(`${gateway.url}/#/chat`);
      await question(page).waitFor();
      await look('the chat');
      await page.goto(`${gateway.url}/#/runs`);
      await page.locator('a.run-link').waitFor();
      await look('the list');
    });
  }
});
