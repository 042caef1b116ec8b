import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConversationMessage } from './contract.ts';
import { ConversationHash } from './hash.ts';

const texts = ['one', 'two', 'three', 'four'];
const messages: readonly ConversationMessage[] = [
  ...texts.map((text): ConversationMessage => ({ role: 'user', text })),
  { role: 'system', text: 'one' },
  { role: 'assistant', text: 'one', toolCalls: [{ callId: 'c', name: 'look', argumentsText: '{}' }] },
];
const anew = (model: string, asked: readonly ConversationMessage[]): string => new ConversationHash().of(model, asked);

test('the hash of a conversation is that of its model and of its messages in their order', () => {
  const [one, two, three] = messages as [ConversationMessage, ConversationMessage, ConversationMessage];
  const whole = anew('fast', [one, two, three]);
  assert.match(whole, /^[0-9a-f]{64}$/);
  const others = [
    anew('slow', [one, two, three]),
    ...[
      [two, one, three],
      [one, two],
      [two, three],
      [one, two, { role: 'tool', callId: 'c', text: 'three' } as const],
    ].map((each) => anew('fast', each)),
  ];
  assert.equal(new Set([whole, ...others]).size, 6);
});

test('property: whatever was asked before, the hash is the same as without it', () => {
  const asked = fc.record({
    model: fc.constantFrom('fast', 'slow'),
    of: fc.array(fc.nat({ max: 5 }), { maxLength: 5 }),
    isCopy: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(asked), (all) => {
      const conversation = new ConversationHash();
      for (const { model, of, isCopy } of all) {
        const said = of.map((index) => (isCopy ? { ...messages[index]! } : messages[index]!));
        assert.equal(conversation.of(model, said), anew(model, said));
      }
    }),
  );
});
