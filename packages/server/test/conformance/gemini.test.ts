/** What becomes of a conversation that moves from Gemini to Anthropic, beside the cases. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../src/core/json.ts';
import type { Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';

test("a conversation that moves from Gemini to Anthropic leaves Gemini's proofs behind; any other passes byte for byte", async () => {
  const cell = { in: 'anthropic-messages', out: 'anthropic-messages', streaming: 'whole' } as const;
  const reply = replyOf(cell, JSON.stringify({ content: [], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } }));
  const ask = async (signature: string): Promise<Json> => {
    const turn = {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature },
        { type: 'text', text: 'Hi.' },
      ],
    };
    const messages: JsonValue = [{ role: 'user', content: 'Hello' }, turn, { role: 'user', content: 'And "google:call:"?' }];
    const { asked } = await exchange({ cell, request: { messages }, replies: [reply] });
    return asked[0]?.body['messages'];
  };
  assert.equal((await ask('RXJz'))[1].content[0].signature, 'RXJz');
  assert.deepEqual((await ask('google:thought:VEg='))[1], { role: 'assistant', content: 'Hi.' });
});
