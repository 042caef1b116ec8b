/** What Converse demands of any conversation, whatever a client sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../core/json.ts';
import { fromAnthropic } from './requests.fixture.ts';

const cacheControl = fc.option(fc.constant({ type: 'ephemeral' }), { nil: undefined });
const marked = (block: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.tuple(block, cacheControl).map(([fields, mark]) => (mark ? { ...fields, cache_control: mark } : fields));

const text = marked(fc.constantFrom('', ' \n', 'Hi.', 'x').map((said) => ({ type: 'text', text: said })));
const id = fc.constantFrom('toolu_1', 'toolu_2', 'functions.look:0', 'y'.repeat(80));
const call = marked(id.map((one) => ({ type: 'tool_use', id: one, name: 'look', input: {} })));
const thinking = fc.constantFrom('', 'c2ln').map((signature): JsonObject => ({ type: 'thinking', thinking: 'Hm.', signature }));
const result = marked(
  fc.tuple(id, fc.array(text, { maxLength: 2 })).map(([one, content]) => ({ type: 'tool_result', tool_use_id: one, content })),
);

const turns = fc.array(
  fc.oneof(
    fc.array(fc.oneof(text, result), { maxLength: 4 }).map((content): JsonObject => ({ role: 'user', content })),
    fc.array(fc.oneof(text, call, thinking), { maxLength: 4 }).map((content): JsonObject => ({ role: 'assistant', content })),
    fc.array(text, { maxLength: 2 }).map((content): JsonObject => ({ role: 'system', content })),
  ),
  { maxLength: 8 },
);

const kindOf = (block: JsonObject): string => Object.keys(block)[0] ?? '';

test('roles alternate, no text is blank, results lead, calls end, and four cache points are the most', () => {
  fc.assert(
    fc.property(turns, fc.array(text, { maxLength: 3 }), (messages, system) => {
      const body = fromAnthropic({ messages, system });
      const sent = body['messages'] as { role: string; content: JsonObject[] }[];
      const blocks = [...((body['system'] ?? []) as JsonObject[]), ...sent.flatMap(({ content }) => content)];
      for (const [position, { role, content }] of sent.entries()) {
        assert.notEqual(role, sent[position - 1]?.role);
        assert.ok(content.length > 0);
        assert.notEqual(kindOf(content[0] ?? {}), 'cachePoint', 'a cache point stands after something');
        const kinds = content.map(kindOf).filter((kind) => kind !== 'cachePoint');
        const order = kinds.map((kind) => (kind === 'toolResult' ? 0 : kind === 'toolUse' ? 2 : 1));
        assert.deepEqual(
          order,
          order.toSorted((one, other) => one - other),
          kinds.join(),
        );
        assert.ok(!kinds.includes(role === 'user' ? 'toolUse' : 'toolResult'));
      }
      for (const block of blocks) if (kindOf(block) === 'text') assert.notEqual(String(block['text']).trim(), '');
      assert.ok(blocks.filter((block) => kindOf(block) === 'cachePoint').length <= 4);
    }),
    { numRuns: 500 },
  );
});

test('every call that is not the last turn is answered in the turn after it, by its own id', () => {
  fc.assert(
    fc.property(turns, (messages) => {
      const sent = fromAnthropic({ messages })['messages'] as { content: { toolUse?: JsonObject; toolResult?: JsonObject }[] }[];
      for (const [position, { content }] of sent.slice(0, -1).entries()) {
        const answered = sent[position + 1]?.content.map(({ toolResult }) => toolResult?.['toolUseId']);
        for (const { toolUse } of content) if (toolUse) assert.ok(answered?.includes(toolUse['toolUseId']), JSON.stringify(sent));
      }
    }),
    { numRuns: 500 },
  );
});
