/** Case 38: responses that are gone on with, over a store of their own. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { openResponses } from '../../src/models/responses/store.fixture.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { eventsOf, type Json } from './client-view.ts';
import { exchange, refusalOf, replyOf, type Exchange, type Side } from './exchange.ts';
import { answerOf, textAnswer } from './stories.ts';

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
  if (cell.out === 'openai-responses') await sticksToItsProvider(cell);
});

/** Where two may answer, what one of them stores or has encrypted goes back to that one, also when the other comes first. */
async function sticksToItsProvider(cell: Cell): Promise<void> {
  await using responses = await openResponses();
  const { store: stored } = responses;
  const answer = answerOf(cell, [{ thinking: ['Hm.'], signature: 'Z0FBQUFB' }, { text: ['It rains.'] }]);
  const beta: Side = { name: 'beta', dialect: cell.out, replies: [replyOf(cell, answer)] };
  const ask = (request: JsonObject, fails: boolean): Promise<Exchange> => {
    const replies = [fails ? refusalOf(Buffer.from('{}'), 500) : replyOf(cell, textAnswer(cell, ['No.']))];
    return exchange({ cell, request, replies, others: [beta], stored, attempts: 2 });
  };
  const first = await ask({ include: ['reasoning.encrypted_content'] }, true);
  const { id, output } = responseOf(cell, first.text);
  const goingOn: JsonObject[] = [{ role: 'user', content: 'And tomorrow?' }];
  for (const request of [{ input: goingOn, previous_response_id: id }, { input: [...output, ...goingOn] }]) {
    const { asked } = await ask(request, false);
    assert.deepEqual(
      asked.map(({ provider }) => provider),
      ['beta'],
    );
  }
  assert.deepEqual((await ask({ input: goingOn }, false)).asked.length, 1);
  assert.equal((await ask({ input: goingOn }, false)).asked[0]?.provider, 'acme', 'who refers to nothing is free');
}
