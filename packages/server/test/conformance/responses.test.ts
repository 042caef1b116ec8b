/** Case 38: responses that are gone on with, over a store of their own. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { openResponses } from '../../src/models/responses/store.fixture.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { eventsOf, type Json } from './client-view.ts';
import { exchange, replyOf, type Exchange } from './exchange.ts';
import { textAnswer } from './stories.ts';

/** The response object, wherever it stands. */
function responseOf(cell: Cell, text: string): Json {
  return cell.streaming === 'whole' ? JSON.parse(text) : eventsOf(text).at(-1)?.data.response;
}

testCase(38, 'a response is gone on from where it is known, with the id that its provider gave', async (cell) => {
  await using responses = await openResponses();
  const { store: stored } = responses;
  const ask = (request: JsonObject, text: string): Promise<Exchange> =>
    exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, [text]))], stored });
  const { id } = responseOf(cell, (await ask({}, 'It rains.')).text);
  const goingOn: JsonObject = { input: [{ role: 'user', content: 'And tomorrow?' }], previous_response_id: id };
  const { asked } = await ask(goingOn, 'It shines.');
  const sent = asked[0]?.bytes.toString() ?? '';
  if (cell.out === 'openai-responses') {
    assert.equal(id, 'resp_68af4030baa48193b0b43b4c2a176a1a0454796aa');
    assert.ok(sent.includes(`"previous_response_id":"${id}"`) && !sent.includes('It rains.'));
  } else {
    assert.ok(!sent.includes('previous_response_id'));
    for (const said of ['What is the weather?', 'It rains.', 'And tomorrow?']) assert.ok(sent.includes(said), said);
  }
  const unknown = await ask({ ...goingOn, previous_response_id: 'resp_of_somebody_else' }, 'It shines.');
  if (cell.out !== 'openai-responses') assert.deepEqual([unknown.status, unknown.asked.length], [400, 0]);
});
