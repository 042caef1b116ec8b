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
    ['openai-responses', { input: 7 }, 'input'],
    ['openai-responses', { input: [7] }, 'input[0]'],
    ['openai-responses', { input: [{ role: 'king', content: 'x' }] }, 'input[0].role'],
    ['openai-responses', { input: [{ role: 'user' }] }, 'input[0].content'],
    ['openai-responses', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0].image_url'],
    ['openai-responses', { input: [{ role: 'user', content: [{ type: 'input_file' }] }] }, 'input[0].content[0].file_data'],
    ['openai-responses', { input: [{ type: 'function_call', name: 'x' }] }, 'input[0].call_id'],
    ['openai-responses', { input: [{ type: 'function_call_output', call_id: 'a' }] }, 'input[0].output'],
    ['openai-responses', { input: [{ type: 'reasoning', id: 'rs_1', summary: [{ text: 7 }] }] }, 'input[0].summary[0].text'],
    ['openai-responses', { instructions: ['x'] }, 'instructions'],
    ['openai-responses', { max_output_tokens: -1 }, 'max_output_tokens'],
    ['openai-responses', { tools: [{ type: 'function' }] }, 'tools[0].name'],
    [
      'openai-responses',
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function' }] } },
      'tool_choice.tools[0].name',
    ],
    ['openai-responses', { text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema'],
    ['openai-responses', { reasoning: { effort: 7 } }, 'reasoning.effort'],
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
