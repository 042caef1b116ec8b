/** How one comes in: a link with the token, a wrong token, a browser that has to be approved, a state that is gone. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { ControlClient } from '@openclaw/client/control';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { chromiumIsRequired, chromiumPath, launchBrowser, ownAddress, visit, withoutChromium } from './browser.ts';

const onLan = { gateway: { bind: 'lan' } };

/** As the command line does it, from the gateway's own machine. */
async function asOperator(gateway: TestGateway, method: string, params: object = {}): Promise<unknown> {
  const { port } = new URL(gateway.url);
  await using client = new ControlClient({
    url: `ws://127.0.0.1:${port}`,
    auth: { token: gateway.token },
    client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' },
    scopes: ['operator.admin'],
  });
  await client.connect();
  return await client.request(method, params);
}

const addressOf = (gateway: TestGateway, host: string): string => `http://${host}:${new URL(gateway.url).port}/`;

test('Chromium is there where it has to be', { skip: !chromiumIsRequired && 'OPENCLAW_TEST_REQUIRE does not say chromium' }, () => {
  assert.ok(chromiumPath !== undefined);
});

describe('signing in to the Control UI', { skip: withoutChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('a link with the token leads in, and the token is nowhere afterwards', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#token=${testToken}`);
    const { page, asked, complaints } = visiting;
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByText('Event loop', { exact: true }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.length])');
    assert.ok(!String(kept).includes(testToken), String(kept));
    assert.ok(asked.length > 5 && asked.every((address) => !address.includes(testToken)));
    assert.ok(!JSON.stringify(gateway.logLines).includes(testToken));
    assert.deepEqual(complaints, []);

    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  test('nothing comes from another host', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, `${gateway.url}/#token=${testToken}`);
    await visiting.page.getByText('Event loop', { exact: true }).waitFor();
    const hosts = new Set(visiting.asked.map((address) => new URL(address).host));
    assert.deepEqual([...hosts], [new URL(gateway.url).host]);
  });

  test('without a token it is asked for, a wrong one is called that, and the right one leads in', async () => {
    await using gateway = await startTestGateway();
    await using visiting = await visit(browser, gateway.url);
    const { page } = visiting;
    const field = page.getByLabel('Gateway token');
    await field.waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    await field.fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    assert.match(await page.getByRole('alert').innerText(), /token mismatch[\s\S]*AUTH_TOKEN_MISMATCH/);
    await field.fill(testToken);
    await field.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await field.waitFor();
    assert.equal(await page.evaluate('Object.keys(localStorage).filter((name) => name.includes("token")).length'), 0);
  });

  test('a browser from elsewhere waits until one that is in lets it in, and then goes on by itself', { skip: !ownAddress }, async () => {
    await using gateway = await startTestGateway({ settings: onLan });
    await using first = await visit(browser, `${addressOf(gateway, '127.0.0.1')}#token=${testToken}`);
    await first.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await using second = await visit(browser, `${addressOf(gateway, ownAddress ?? '')}#token=${testToken}`);
    await second.page.getByRole('heading', { name: 'This browser is new here' }).waitFor();
    // Plain http from elsewhere: browsers give such pages no WebCrypto.
    assert.equal(await second.page.evaluate('isSecureContext'), false);
    const command = await second.page.getByText('openclaw devices approve').innerText();
    const requestId = command.trim().split(' ').at(-1) ?? '';
    const { pending } = (await asOperator(gateway, 'device.pair.list')) as { pending: { requestId: string }[] };
    assert.deepEqual(
      pending.map((each) => each.requestId),
      [requestId],
    );
    await first.page.getByText('1 device waits to be let in.').waitFor();
    await asOperator(gateway, 'device.pair.approve', { requestId });
    await second.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await first.page.getByText('1 device waits to be let in.').waitFor({ state: 'detached' });
    assert.deepEqual([...first.complaints, ...second.complaints], []);
  });

  test('a gateway that lost its state is said to have lost it', async () => {
    const [one, other] = await Promise.all(['one', 'other'].map((name) => mkdtemp(join(tmpdir(), `openclaw-${name}-`))));
    try {
      const gateway = await startTestGateway({ stateDirectory: one ?? '' });
      const { port } = new URL(gateway.url);
      await using visiting = await visit(browser, `${gateway.url}/#token=${testToken}`);
      const { page } = visiting;
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      // Open it would come back by itself with the token that it was given, and be let in anew.
      await page.goto('about:blank');
      await gateway[Symbol.asyncDispose]();
      await using fresh = await startTestGateway({ stateDirectory: other ?? '', environment: { OPENCLAW_GATEWAY_PORT: port } });
      // The device token of before is not known there: to ask for another one would hide what happened.
      await page.goto(fresh.url);
      await page.getByLabel('Gateway token').waitFor();
      await page.getByText('The state was not persisted.').waitFor();
      await page.getByLabel('Gateway token').fill(testToken);
      await page.getByLabel('Gateway token').press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.getByText('The state was not persisted.').waitFor();
      await page.getByRole('button', { name: 'I know' }).click();
      await page.getByText('The state was not persisted.').waitFor({ state: 'detached' });
    } finally {
      for (const directory of [one, other]) await rm(directory ?? '', { recursive: true, force: true });
    }
  });
});
