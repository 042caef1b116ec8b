/** The cases that are about the Responses API, as the format of a provider or of a client. The answers are constructed. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { openResponses } from '../../src/models/responses/store.fixture.ts';
import { responsesStream, responsesWhole } from '../harness/wire.ts';
import { testClientCase, testProviderCase } from './case-test.ts';
import type { ClientCell, ProviderCell } from './cases.ts';
import { eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf, type Reply } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as chat from './fixtures/openai-completions.ts';

const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

testProviderCase(13, 'an error within the answer is an error of the client', async (cell) => {
  const [created = '', , ...said] = responsesStream({ text: ['It is '] });
  const failure = { code: 'server_error', message: 'The server had an error.' };
  const stream = [created, ...said.slice(0, 3), event('error', { ...failure, param: null }), event('response.completed', {})].join('');
  const whole = JSON.stringify(responsesWhole({}, { status: 'failed', error: failure }));
  const result = await exchange({ cell, replies: [cell.streaming === 'stream' ? replyOf(cell, stream, 64) : replyOf(cell, whole)] });
  assert.equal(result.report.outcome.kind, 'failed');
  assert.ok(result.text.includes('The server had an error'));
  if (cell.streaming === 'whole') assert.equal(result.status, 502);
  else {
    const last = eventsOf(result.text).at(-1);
    assert.ok(last?.data.error, 'the error is the last thing said');
    assert.ok(result.text.includes('It is '));
  }
});

testProviderCase(19, 'each call has an index of its own, and its own pieces', async (cell) => {
  const calls = [
    { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
    { id: 'call_2', name: 'weather', arguments: '{"city":"Rome"}' },
  ];
  const view = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, answerWith(cell, calls))] }));
  assert.deepEqual(
    view.calls.map((call) => [call.id, JSON.parse(call.arguments) as unknown]),
    calls.map((call) => [call.id, JSON.parse(call.arguments) as unknown]),
  );
  assert.equal(view.finish, cell.in === 'openai-completions' ? 'tool_calls' : 'tool_use');
});

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** Two calls whose pieces come in turns. */
function answerWith(cell: ProviderCell, calls: readonly Call[]): string {
  if (cell.streaming === 'whole') return JSON.stringify(responsesWhole({ text: 'Let me look.', calls }));
  const parts = responsesStream({ text: ['Let me look.'], calls });
  const of = (index: number): string[] =>
    parts.filter((part) => part.includes(`"output_index":${index},`) || part.includes(`"output_index":${index}}`));
  const [first, second] = [of(1), of(2)];
  const turns = first.flatMap((part, at) => [part, second[at] ?? '']);
  return [...parts.filter((part) => !first.includes(part) && !second.includes(part)).slice(0, -1), ...turns, parts.at(-1)].join('');
}

const textOf = (cell: ClientCell, text: string): string => {
  if (cell.out === 'openai-responses') {
    return cell.streaming === 'stream' ? responsesStream({ text: [text] }).join('') : JSON.stringify(responsesWhole({ text }));
  }
  if (cell.out === 'openai-completions') return cell.streaming === 'stream' ? chat.textStream([text]) : chat.whole({ content: text });
  return cell.streaming === 'stream' ? anthropic.textStream([text]) : anthropic.whole([{ type: 'text', text }]);
};

/** The response object, wherever it stands. */
function responseOf(cell: ClientCell, text: string): Json {
  return cell.streaming === 'whole' ? JSON.parse(text) : eventsOf(text).at(-1)?.data.response;
}

testClientCase(38, 'a response is gone on from where it is known, with the id that its provider gave', async (cell) => {
  await using responses = await openResponses();
  const { store: stored } = responses;
  const ask = (request: JsonObject, reply: Reply) => exchange({ cell, request, replies: [reply], stored });
  const { id } = responseOf(cell, (await ask({}, replyOf(cell, textOf(cell, 'It rains.')))).text);
  const goingOn: JsonObject = { input: [{ role: 'user', content: 'And tomorrow?' }], previous_response_id: id };
  const { asked } = await ask(goingOn, replyOf(cell, textOf(cell, 'It shines.')));
  const sent = asked[0]?.bytes.toString() ?? '';
  if (cell.out === 'openai-responses') {
    assert.equal(id, 'resp_1');
    assert.ok(sent.includes('"previous_response_id":"resp_1"') && !sent.includes('It rains.'));
  } else {
    assert.ok(!sent.includes('previous_response_id'));
    for (const said of ['What is the weather?', 'It rains.', 'And tomorrow?']) assert.ok(sent.includes(said), said);
  }
});

testClientCase(43, 'an answer that was cut short says so', async (cell) => {
  const { text } = await exchange({ cell, replies: [replyOf(cell, cutShort(cell))] });
  if (cell.streaming === 'stream') assert.equal(eventsOf(text).at(-1)?.data.type, 'response.incomplete');
  const response = responseOf(cell, text);
  assert.equal(response.status, 'incomplete');
  assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' });
});

function cutShort(cell: ClientCell): string {
  if (cell.out === 'openai-completions') {
    return cell.streaming === 'stream' ? chat.textStream(['It is'], 'length') : chat.whole({ content: 'It is' }, 'length');
  }
  if (cell.out === 'anthropic-messages') {
    const content = [{ type: 'text', text: 'It is' }];
    return cell.streaming === 'stream' ? anthropic.textStream(['It is'], 'max_tokens') : anthropic.whole(content, 'max_tokens');
  }
  const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (cell.streaming === 'whole') return JSON.stringify(responsesWhole({ text: 'It is' }, incomplete));
  const response = responsesWhole({ text: 'It is' }, incomplete);
  return [...responsesStream({ text: ['It is'] }).slice(0, -1), event('response.incomplete', { response, sequence_number: 8 })].join('');
}
