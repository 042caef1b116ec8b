import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showResult } from '../../runs/values.ts';
import { callsOf } from './calls.ts';
import { textOf } from './conversation.ts';

test('the calls of an answer are read from its parts, each with its own result, and are no part of its text', () => {
  const content = [
    { type: 'commentary', text: 'Let me look.' },
    { type: 'toolCall', id: 'c1', name: 'list', arguments: {} },
    { type: 'toolResult', toolCallId: 'c1', text: 'empty', isError: false },
    { type: 'toolCall', id: 'c1', name: 'read', arguments: 'no JSON' },
    { type: 'toolResult', toolCallId: 'c1', text: 'there is none', isError: true },
    { type: 'toolCall', id: 'c2', name: 'write', arguments: { path: 'a' } },
    { type: 'text', text: 'Done.' },
  ];
  assert.deepEqual(
    callsOf(content).map((step) => [step.name, step.call?.argumentsText, step.state, showResult(step)]),
    [
      ['list', '{}', 'done', 'empty'],
      ['read', 'no JSON', 'failed', 'there is none'],
      ['write', '{"path":"a"}', 'stopped', ''],
    ],
  );
  assert.equal(textOf({ content }), 'Done.');
});
