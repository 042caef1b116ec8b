import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateTokens } from './count-tokens.ts';
import type { ModelRequest, Part, TextPart, Tool } from './dialects/request.ts';

function request(parts: readonly Part[], more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    ...{ dialect: 'anthropic-messages', model: 'acme/large', stream: false, includeUsage: false, extensions: {} },
    messages: [{ role: 'user', parts: [...parts] }],
    ...more,
  };
}

const text = (length: number): TextPart => ({ type: 'text', text: 'x'.repeat(length) });

test('four letters are a token, and each message and tool has a frame', () => {
  assert.equal(estimateTokens(request([])), 5);
  assert.equal(estimateTokens(request([text(4000)])), 1005);
  assert.equal(estimateTokens(request([text(2000), text(2000)])), 1005);
});

test('a picture counts as one of usual size, however many letters its bytes take', () => {
  const image = (data: string): Part => ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data } });
  assert.equal(estimateTokens(request([image('AAAA')])), 1505);
  assert.equal(estimateTokens(request([image('A'.repeat(1_000_000))])), 1505);
});

test('calls, their results and tools count by what they hold', () => {
  const call: Part = { type: 'toolCall', id: 'call_1', name: 'look', argumentsJson: '{"at":"it"}' };
  assert.equal(estimateTokens(request([call])), Math.ceil(5 + (4 + 11) / 4));
  const result: Part = { type: 'toolResult', toolCallId: 'call_1', parts: [text(400)] };
  assert.equal(estimateTokens(request([result])), 105);
  const tool: Tool = { type: 'function', name: 'look', description: 'x'.repeat(400), inputSchema: { type: 'object' } };
  assert.ok(estimateTokens(request([], { tools: [tool] })) > 5 + 5 + 100);
});

test('property: more is never counted as less, and every count is a whole number', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { maxLength: 6 }), fc.nat(5000), (lengths, more) => {
      const before = estimateTokens(request(lengths.map(text)));
      const after = estimateTokens(request([...lengths, more].map(text)));
      assert.ok(Number.isInteger(before) && after >= before);
    }),
  );
});
