import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quirksOfModel, takesPrefill } from './model-quirks.ts';

test('Claude before 4.6 thinks within a budget and takes a begun answer, however its host writes its name', () => {
  const older = [
    ...['claude-3-5-sonnet-20241022', 'claude-3-haiku-20240307', 'claude-opus-4-20250514', 'claude-opus-4-1-20250805', 'claude-opus-4-0'],
    ...['claude-sonnet-4-5', 'anthropic/claude-3.7-sonnet', 'anthropic/claude-sonnet-4.5', 'claude-haiku-4-5@20251001', 'claude-2.1'],
    ...['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic.claude-3-5-sonnet-20240620-v1:0'],
  ];
  for (const model of older) {
    assert.deepEqual(quirksOfModel(model), { thinkingBudget: true, prefill: true }, model);
    assert.equal(takesPrefill(model), true, model);
  }
});

test('Claude since 4.6 does neither; Opus since 4.8 takes system messages within the conversation', () => {
  for (const model of [
    'claude-opus-4-6',
    'claude-sonnet-4-6',
    'claude-opus-4-7-20260301',
    'claude-sonnet-5',
    'anthropic.claude-opus-4-6-v1:0',
  ]) {
    assert.equal(quirksOfModel(model), undefined, model);
    assert.equal(takesPrefill(model), false, model);
  }
  for (const model of ['claude-opus-4-8', 'anthropic/claude-opus-4.10', 'claude-opus-5-20270101']) {
    assert.deepEqual(quirksOfModel(model), { systemMessages: true }, model);
  }
});

test('of other models nothing is said', () => {
  for (const model of ['gpt-5', 'claude-instant', 'claude', 'my-claude-clone']) {
    assert.equal(quirksOfModel(model), undefined, model);
    assert.equal(takesPrefill(model), undefined, model);
  }
});
