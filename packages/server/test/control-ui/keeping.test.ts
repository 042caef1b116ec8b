/** Workloads in the page: seen as they run, changed, compared with what they were, and ended. The programs are real ones of this machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Workload } from '@openclaw/protocol';
import type { Browser } from 'playwright-core';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { findings } from './accessibility.ts';
import { launchBrowser, visit, withoutChromium } from './browser.ts';

const collection = '/apis/openclaw.io/v1/namespaces/shop/workloads';

/** @param question method and path */
async function ask(gateway: TestGateway, question: string, body?: unknown): Promise<Response> {
  const [method = 'GET', path = ''] = question.split(' ');
  return fetch(gateway.url + path, {
    method,
    headers: {
      authorization: `Bearer ${testToken}`,
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const till = (line: string, memory: string) => ({
  apiVersion: 'openclaw.io/v1',
  kind: 'Workload',
  metadata: { name: 'till', namespace: 'shop' },
  spec: {
    driver: 'process',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', command: ['/bin/sh', '-c', `echo ${line}; exec sleep 600`], resources: { limits: { memory } } }],
  },
});

describe('workloads in the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('a workload is listed with its phase, opens to what it is made of and says, is scaled, taken back to a revision and deleted', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#/workloads?token=${testToken}`);
    const { page, complaints } = visiting;
    await page.getByText('No workloads', { exact: true }).waitFor();
    assert.equal((await ask(gateway, `POST ${collection}`, till('open', '64Mi'))).status, 201);
    await page.getByRole('row', { name: /till shop Running 1\/1/ }).waitFor();
    await page.getByRole('link', { name: 'till' }).click();
    await page.getByRole('log', { name: 'Output' }).getByText('open').waitFor();
    await page.getByText('too short to judge', { exact: true }).waitFor();
    await page.getByRole('img', { name: /Limit 64 MiB/ }).waitFor();
    await page.getByText('Started', { exact: true }).first().waitFor();
    assert.deepEqual(await findings(page), []);

    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByLabel('Replicas').fill('2');
    await page.getByRole('dialog').getByRole('button', { name: 'Scale' }).click();
    await page.getByText('2 of 2', { exact: true }).waitFor();

    assert.equal((await ask(gateway, `PATCH ${collection}/till`, { spec: till('shut', '32Mi').spec })).status, 200);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page
      .getByRole('region', { name: /What changed after revision 1/ })
      .getByText('"memory": "32Mi"')
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Go back' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click();
    await page.getByText('It goes back to revision 1').waitFor();
    const { spec } = (await (await ask(gateway, `GET ${collection}/till`)).json()) as Workload;
    assert.equal(spec?.containers[0]?.resources?.limits?.memory, '64Mi');

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No workloads', { exact: true }).waitFor();
    assert.equal((await ask(gateway, `GET ${collection}/till`)).status, 404);
    assert.deepEqual(complaints, []);
  });
});
