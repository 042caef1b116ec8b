import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConversationMessage } from './contract.ts';
import { hashOfConversation } from './hash.ts';

const message = (text: string): ConversationMessage => ({ role: 'user', text });

test('the hash of a conversation is that of its model and its messages, whatever was hashed before', () => {
  const [one, two, three] = ['one', 'two', 'three'].map(message) as [ConversationMessage, ConversationMessage, ConversationMessage];
  const whole = hashOfConversation('fast', [one, two, three]);
  assert.match(whole, /^[0-9a-f]{64}$/);
  const others = [
    hashOfConversation('slow', [one, two, three]),
    hashOfConversation('fast', [two, one, three]),
    hashOfConversation('fast', [one, two]),
    hashOfConversation('fast', [two, three]),
    hashOfConversation('fast', [one, { role: 'user', text: 'two' }, { role: 'tool', callId: 'c', text: 'three' }]),
  ];
  assert.equal(new Set([whole, ...others]).size, 6);
  assert.equal(hashOfConversation('fast', [one, two, three]), whole);
  assert.equal(hashOfConversation('fast', ['one', 'two', 'three'].map(message)), whole, 'of the same words it is the same');
});
