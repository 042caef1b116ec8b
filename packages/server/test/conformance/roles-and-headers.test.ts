/** Cases 45 and 47: what strict templates and strict hosts of Claude take. */
import assert from 'node:assert/strict';
import { vendors } from '../../src/models/catalogue/vendors.ts';
import { testCase } from './case-test.ts';
import { viewOf, type Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import { conversationAsked } from './provider-view.ts';
import { conversationOf, type Said } from './requests.ts';
import { textAnswer } from './stories.ts';

testCase(45, 'several instructions, of whichever role, come together at the front where a template wants it', async (cell) => {
  const said: Said[] = [
    { system: 'Be brief.' },
    { system: 'Be kind.', developer: true },
    { user: 'Hello' },
    { assistant: 'Hi.' },
    { system: 'Be honest.', developer: true },
    { user: 'And now?' },
  ];
  const ask = async (some: readonly Said[], systemFirst: boolean): Promise<Json> => {
    const result = await exchange({
      cell,
      request: conversationOf(cell.in, some),
      quirks: { systemFirst },
      replies: [replyOf(cell, textAnswer(cell, ['Yes.']))],
    });
    assert.equal(viewOf(cell, result).text, 'Yes.');
    return result.asked[0]?.body;
  };
  assert.deepEqual((await ask(said, true))['messages'], [
    { role: 'system', content: 'Be brief.\n\nBe kind.\n\nBe honest.' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'And now?' },
  ]);
  const system = (body: Json): string[] => conversationAsked(cell.out, body).flatMap((one) => ('system' in one ? [one.system] : []));
  assert.deepEqual(system(await ask(said, false)), ['Be brief.', 'Be kind.', 'Be honest.'], 'elsewhere each stays where it was');
  const plain: Said[] = [{ system: 'Be brief.' }, { user: 'Hello' }];
  assert.deepEqual((await ask(plain, true))['messages'], (await ask(plain, false))['messages'], 'what is in order is not touched');
  for (const id of ['vllm', 'llamacpp', 'lmstudio']) {
    assert.equal(vendors.find((vendor) => vendor.id === id)?.quirks?.systemFirst, true, id);
  }
});

testCase(47, 'a host of Claude gets the betas that it takes, Anthropic all of them, and other formats none', async (cell) => {
  const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14, context-1m-2025-08-07,effort-2025-11-24';
  const ask = async (header: string, anthropicBetas?: readonly string[]): Promise<Readonly<Record<string, string>>> => {
    const result = await exchange({
      cell,
      headers: { 'anthropic-beta': header, 'anthropic-version': '2023-06-01' },
      ...(anthropicBetas && { quirks: { anthropicBetas } }),
      replies: [replyOf(cell, textAnswer(cell, ['Yes.']))],
    });
    assert.equal(viewOf(cell, result).text, 'Yes.');
    return result.asked[0]?.headers ?? {};
  };
  const vertex = vendors.find(({ id }) => id === 'vertex-claude')?.quirks?.anthropicBetas ?? [];
  assert.ok(vertex.length > 0);
  assert.equal(vendors.find(({ id }) => id === 'anthropic')?.quirks?.anthropicBetas, undefined);
  if (cell.out !== 'anthropic-messages') return assert.ok(!JSON.stringify(await ask(betas, vertex)).includes('beta'));
  assert.equal((await ask(betas))['anthropic-beta'], betas, 'as it came');
  assert.equal((await ask(betas, vertex))['anthropic-beta'], 'interleaved-thinking-2025-05-14,context-1m-2025-08-07');
  assert.equal((await ask('effort-2025-11-24', vertex))['anthropic-beta'], undefined, 'an empty list is no header');
});
