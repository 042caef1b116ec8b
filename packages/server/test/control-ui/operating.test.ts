/** Devices, the log and the doctor in the page, also over https; and each part of every page for those who do not see it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, ownAddress, visit, withoutChromium } from './browser.ts';

/** Parts of pages that have an address of their own, and what is there once they are. */
const parts = [
  ['#/configuration/form', 'drainTimeoutMs'],
  ['#/configuration/file', 'Nothing is wrong with it.'],
  ['#/configuration/history', 'Versions that were in force'],
  ['#/logs', 'a device on this machine was paired'],
  ['#/doctor/checks', 'No conversation swells.'],
  ['#/doctor/process', 'Resident memory'],
  ['#/doctor/audit', 'device.paired-silently'],
  ['#/devices', 'this device'],
  ['#/chat', 'Nothing said yet'],
] as const;

describe('operating the gateway from the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test(
    'over https with a certificate of its own a second profile is rejected, approved, and uses a key that cannot be read out',
    { skip: !ownAddress },
    async () => {
      await using gateway = await startTestGateway({ settings: { gateway: { bind: 'lan', tls: { enabled: true } } } });
      const { port } = new URL(gateway.url);
      const anyCertificate = { ignoreHTTPSErrors: true };
      await using first = await visit(browser, `https://127.0.0.1:${port}/#/devices?token=${testToken}`, anyCertificate);
      await first.page.getByText('Nobody.').waitFor();
      await using second = await visit(browser, `https://${ownAddress ?? ''}:${port}/#token=${testToken}`, anyCertificate);
      await second.page.getByRole('heading', { name: 'This browser is new here' }).waitFor();
      assert.equal(await second.page.evaluate('isSecureContext'), true);
      await first.page.getByRole('button', { name: 'Reject Chrome on Linux' }).click();
      await first.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
      await first.page.getByText('Chrome on Linux is rejected').waitFor();
      // It asks again by itself.
      await second.page.getByRole('button', { name: 'Look now' }).click();
      await first.page.getByRole('button', { name: 'Approve Chrome on Linux' }).click();
      await second.page.getByRole('heading', { name: 'Overview' }).waitFor();
      const kept = String(await second.page.evaluate('JSON.stringify({ ...localStorage })'));
      assert.ok(!/private|secretKey|seed/i.test(kept), kept);
      assert.deepEqual([...first.complaints, ...second.complaints], []);
    },
  );

  test(
    'a device is renamed, given a new token that is shown once, and removed; its page has to ask again at once',
    { skip: !ownAddress },
    async () => {
      await using gateway = await startTestGateway({ settings: { gateway: { bind: 'lan' } } });
      const { port } = new URL(gateway.url);
      await using first = await visit(browser, `http://127.0.0.1:${port}/#/devices?token=${testToken}`);
      const { page } = first;
      await using second = await visit(browser, `http://${ownAddress ?? ''}:${port}/#token=${testToken}`);
      await page.getByRole('button', { name: 'Approve Chrome on Linux' }).click();
      await second.page.getByRole('heading', { name: 'Overview' }).waitFor();

      const other = page.getByRole('row').filter({ hasText: ownAddress ?? '' });
      await other.getByText('connected').waitFor();
      await other.getByRole('button', { name: /^Rename/ }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('Laptop');
      await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
      await page.getByRole('row').filter({ hasText: 'this device' }).getByRole('button', { name: 'Remove Chrome on Linux' }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'New token for Chrome on Linux' }).count(), 0);

      await page.getByRole('button', { name: 'New token for Laptop' }).click();
      await page.getByRole('button', { name: 'Make a new one' }).click();
      const shown = page.getByRole('dialog', { name: 'The token of Laptop' });
      assert.match(await shown.locator('.copy-text code').innerText(), /^ocd_/);
      await shown.getByRole('button', { name: 'I have it' }).click();
      assert.ok(!/ocd_/.test(await page.content()));

      await page.getByRole('button', { name: 'Remove Laptop' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('button', { name: 'Remove Laptop' }).waitFor({ state: 'detached' });
      await second.page.getByRole('heading', { name: 'This browser is new here' }).waitFor();
      assert.deepEqual([...first.complaints, ...second.complaints], []);
    },
  );

  test('the log is filtered, paused, opened line by line, and its level is changed', async () => {
    await using program = await startProgram();
    const { url, token } = await program.ready();
    await using visiting = await visit(browser, `${url}/#/logs?token=${token}`);
    const { page, complaints } = visiting;
    const lines = page.locator('.log-line');
    await lines.filter({ hasText: 'was paired' }).waitFor();
    await page.getByLabel('Find').fill('ready');
    await lines.filter({ hasText: 'was paired' }).waitFor({ state: 'detached' });
    await lines.getByRole('button', { expanded: false }).last().click();
    await lines.getByText('version', { exact: true }).waitFor();
    await page.getByLabel('Find').fill('');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('The gateway writes').selectOption('debug');
    await page.getByText('The gateway writes debug and above until its next start').waitFor();
    const body = JSON.stringify({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'fail 400' }] });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).text();
    assert.equal(await lines.filter({ hasText: 'model request failed' }).count(), 0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await lines.filter({ hasText: 'model request failed' }).waitFor();
    await page.getByLabel('Show').selectOption('error');
    await page.getByText('No line fits').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('who changed what is in the audit log', async () => {
    await using gateway = await startTestGateway();
    await (await gateway.request('/admin/v1/keys', { json: { name: 'ci' } })).text();
    await using visiting = await visit(browser, `${gateway.url}/#/doctor/audit?token=${testToken}`);
    const { page } = visiting;
    await page.getByRole('row').filter({ hasText: 'key.created' }).getByText('gateway-token').waitFor();
    await page.getByRole('button', { name: 'Devices' }).click();
    await page.getByRole('row').filter({ hasText: 'device.paired-silently' }).waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: 'key.created' }).count(), 0);
  });

  test('no part of a page hinders anybody seriously, in light and in dark, and each fits a phone', async () => {
    await using program = await startProgram();
    const { url, token } = await program.ready();
    for (const options of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { viewport: { width: 390, height: 844 } }] as const) {
      await using visiting = await visit(browser, `${url}/#token=${token}`, { reducedMotion: 'reduce', ...options });
      const { page, complaints, asked } = visiting;
      await page.getByText('Event loop').first().waitFor();
      for (const [hash, sign] of parts) {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await page.getByText(sign).first().waitFor({ state: 'attached' });
        assert.deepEqual(await findings(page), [], `${hash} ${JSON.stringify(options)}`);
        const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        assert.equal(beyond, 0, `${hash} is wider than the screen`);
      }
      assert.deepEqual([...new Set(asked.map((address) => new URL(address).host))], [new URL(url).host]);
      assert.deepEqual(complaints, []);
    }
  });
});
