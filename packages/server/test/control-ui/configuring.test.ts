/** The configuration in the page: a good edit and a bad one, two people at once, an earlier version, rescue mode mended from where one looks at it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startProgram, type Program } from '../harness/program.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, visit, withoutChromium, type Visit } from './browser.ts';

interface Opened extends AsyncDisposable {
  readonly program: Program;
  readonly page: Page;
  readonly visiting: Visit;
  readonly file: string;
}

/** A gateway of its own on this text, and the page before it. */
async function open(browser: Browser, text: string, part = 'file'): Promise<Opened> {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-configuring-'));
  await mkdir(join(home, '.openclaw'));
  await writeFile(join(home, '.openclaw/openclaw.json'), text);
  const program = await startProgram({ home });
  const { url, token } = await program.ready();
  const visiting = await visit(browser, `${url}/#/configuration/${part}?token=${token}`);
  return {
    ...{ program, visiting, page: visiting.page, file: join(home, '.openclaw/openclaw.json') },
    async [Symbol.asyncDispose]() {
      await visiting[Symbol.asyncDispose]();
      await program[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const text = (page: Page) => page.getByLabel('Text of the configuration');
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });
const commented = "{\n  // mine\n  logging: { level: 'info' },\n}\n";

describe('the configuration in the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('a bad text is told with its line as one types, and cannot be saved; a good one is in force at once', async () => {
    await using opened = await open(browser, commented);
    const { page, file, visiting } = opened;
    await text(page).fill("{\n  // mine\n  logging: { levle: 'info' },\n}\n");
    const mistake = page.locator('#editor-issues li');
    await mistake.filter({ hasText: 'logging.levle' }).waitFor();
    assert.match(await mistake.innerText(), /Line 3[\s\S]*level/);
    assert.equal(await page.locator('.editor-wrong').innerText(), '3');
    assert.equal(await save(page).isDisabled(), true);
    assert.deepEqual(await findings(page), []);
    await mistake.getByRole('button', { name: 'Line 3' }).click();
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'TEXTAREA');

    await text(page).fill("{\n  // mine\n  logging: { level: 'debug' },\n}\n");
    await mistake.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('textbox', { name: 'drainTimeoutMs' }).waitFor();
    await page.getByRole('link', { name: 'File', exact: true }).click();
    await save(page).click();
    await page.getByText('Saved and in force').waitFor();
    assert.equal(await readFile(file, 'utf8'), "{\n  // mine\n  logging: { level: 'debug' },\n}\n");
    await page.getByRole('link', { name: 'History, 2 versions' }).waitFor();
    assert.deepEqual(visiting.complaints, []);
  });

  test('the form changes what was changed in it and nothing else, and says where a value comes from', async () => {
    await using opened = await open(browser, commented, 'form');
    const { page, file, visiting } = opened;
    await page.getByText('set elsewhere: 0').waitFor();
    await page.getByLabel('Find a setting').fill('drainTimeout');
    assert.equal(await page.locator('.setting').count(), 1);
    const field = page.getByRole('textbox', { name: 'drainTimeoutMs' });
    await field.fill('soon');
    await page.locator('.setting .field-error').waitFor();
    assert.equal(await save(page).isDisabled(), true);
    await field.fill('9s');
    await page.locator('.setting .field-error').waitFor({ state: 'detached' });
    await save(page).click();
    await page.getByText('Saved and in force').waitFor();
    assert.match(await readFile(file, 'utf8'), /\/\/ mine\n {2}logging: \{ level: 'info' \},\n[\s\S]*drainTimeoutMs: '9s'/);
    await page.getByRole('button', { name: 'Take drainTimeoutMs out of the file' }).click();
    await page.getByText('1 change not saved').waitFor();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('1 change not saved').waitFor({ state: 'detached' });
    assert.deepEqual(visiting.complaints, []);
  });

  test('a secret goes in and never comes out', async () => {
    await using opened = await open(browser, '{}', 'form');
    const { page, file } = opened;
    await page.getByLabel('Name of a new entry of providers').fill('acme');
    await page.getByRole('button', { name: 'Add to providers' }).click();
    await page.getByLabel('baseUrl').fill('http://127.0.0.1:9/v1');
    await page.getByLabel('api', { exact: true }).selectOption('openai-completions');
    await page.getByLabel('apiKey', { exact: true }).fill('sk-a-secret-of-the-operator');
    await save(page).click();
    await page.getByText('Saved and in force').waitFor();
    assert.match(await readFile(file, 'utf8'), /sk-a-secret-of-the-operator/);
    await page.reload();
    await page.getByPlaceholder('set; write to replace it').waitFor();
    await page.getByRole('link', { name: 'File', exact: true }).click();
    await text(page).waitFor();
    assert.match(await text(page).inputValue(), /‹secret models\.providers\.acme\.apiKey›/);
    // A setting beside it changes, and the secret stays.
    await text(page).fill((await text(page).inputValue()).replace('127.0.0.1:9/', '127.0.0.1:8/'));
    await save(page).click();
    await page.getByText('Saved and in force').last().waitFor();
    assert.match(await readFile(file, 'utf8'), /127\.0\.0\.1:8[\s\S]*sk-a-secret-of-the-operator/);
    assert.ok(!(await page.content()).includes('sk-a-secret-of-the-operator'));
  });

  test('what somebody else wrote meanwhile is not overwritten unseen', async () => {
    await using opened = await open(browser, commented);
    const { page, file } = opened;
    await text(page).fill("{\n  // mine\n  logging: { level: 'warn' },\n}\n");
    await writeFile(file, "{\n  // theirs\n  logging: { level: 'debug' },\n}\n");
    await page.getByText('Somebody else changed the file meanwhile').waitFor();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('dialog').locator('.diff-removed', { hasText: 'theirs' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await save(page).click();
    await page.getByText('Saved and in force').waitFor();
    assert.match(await readFile(file, 'utf8'), /mine/);
  });

  test('versions are compared, and an earlier one is put in force again', async () => {
    await using opened = await open(browser, commented);
    const { page, file, visiting } = opened;
    await text(page).fill("{\n  // mine\n  logging: { level: 'warn' },\n}\n");
    await save(page).click();
    await page.getByRole('link', { name: 'History, 2 versions' }).click();
    await page.getByRole('button', { name: 'Version 2', exact: true }).click();
    const drawer = page.getByRole('dialog', { name: 'Version 2' });
    await drawer.locator('.diff-added', { hasText: 'warn' }).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('Version 1 again').waitFor();
    assert.equal(await readFile(file, 'utf8'), commented);
    await page.getByRole('row').filter({ hasText: 'Version 3' }).getByText('in force').waitFor();
    assert.deepEqual(visiting.complaints, []);
  });

  test('rescue mode says what is wrong and where; mended in the page, the gateway serves without a reload', async () => {
    await using opened = await open(browser, '{\n  gateway: { prot: 1 },\n}\n', '');
    const { page, program, visiting } = opened;
    const { url, token } = await program.ready();
    const ask = (): Promise<Response> =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say Hello.' }] }),
      });
    await page.getByText('Rescue mode: no configuration is in force').waitFor();
    await page.locator('#editor-issues li').filter({ hasText: 'gateway.prot' }).waitFor();
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    assert.deepEqual(await findings(page), []);
    await page.evaluate('globalThis.stillTheSamePage = true');
    await text(page).fill('{\n  gateway: {},\n}\n');
    await save(page).click();
    await page.getByText('Saved and in force').waitFor();
    await page.getByText('Rescue mode').first().waitFor({ state: 'detached' });
    assert.equal((await ask()).status, 200);
    assert.equal(await page.evaluate('globalThis.stillTheSamePage'), true);
    assert.deepEqual(visiting.complaints, []);
  });
});
