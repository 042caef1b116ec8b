import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import type { ClientDialectName } from './dialect.ts';
import { dialects } from './index.ts';

const hello: JsonObject = { role: 'user', content: 'Hello' };

test('wrong types are named by their path', () => {
  const rows: readonly (readonly [ClientDialectName, JsonObject, string])[] = [
    [
      'openai-completions',
      { messages: [hello, { role: 'user', content: [{ type: 'image_url', image_url: { url: 7 } }] }] },
      'messages[1].content[0].image_url.url',
    ],
    [
      'openai-completions',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,x' } }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [
      'openai-completions',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 7 } }] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    ['openai-completions', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    ['openai-completions', { messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['openai-completions', { messages: [{ role: 'king', content: 'x' }] }, 'messages[0].role'],
    ['openai-completions', { messages: [7] }, 'messages[0]'],
    ['openai-completions', { max_tokens: 1.5 }, 'max_tokens'],
    ['openai-completions', { stop: [1] }, 'stop[0]'],
    ['openai-completions', { response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, 'response_format.json_schema.schema'],
    ['openai-completions', { stream_options: { include_usage: 'yes' } }, 'stream_options.include_usage'],
    [
      'anthropic-messages',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png' } }] }] },
      'messages[0].content[0].source.data',
    ],
    [
      'anthropic-messages',
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text' }] }] }] },
      'messages[0].content[0].content[0].text',
    ],
    ['anthropic-messages', { system: [{ type: 'image' }] }, 'system[0].type'],
    ['anthropic-messages', { max_tokens: null }, 'max_tokens'],
    ['anthropic-messages', { thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    ['anthropic-messages', { tool_choice: { type: 'tool' } }, 'tool_choice.name'],
  ];
  for (const [name, fields, param] of rows) {
    const body = { model: 'm', max_tokens: 1, messages: [hello], ...fields };
    assert.throws(
      () => dialects[name].decodeRequest(body),
      { code: 'invalid_request', param, message: new RegExp(`^${param.replaceAll(/[[\].]/g, '\\$&')}: `) },
      param,
    );
  }
});
