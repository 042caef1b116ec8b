/** A part of what `npm run differential` does: few conversations of a seed that stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startComparer } from './comparison.ts';
import { generateConversations } from './conversation.ts';
import { clientNames, providerNames } from './sides.ts';

const conversations = generateConversations(20, 1);

for (const provider of providerNames) {
  test(`Vercel's provider code and ours mean the same at ${provider}`, async () => {
    await using comparer = await startComparer(provider);
    for (const [index, conversation] of conversations.entries()) {
      const client = clientNames[index % clientNames.length] ?? 'openai-completions';
      for (const streaming of [true, false]) {
        const { equal, through, direct } = await comparer.compare(conversation, client, streaming);
        if (!equal) assert.deepEqual(through, direct, `a difference that differences.ts does not name, asked by ${client}`);
        assert.ok(equal);
      }
    }
  });
}
