/** Beside the cases: generated answers and conversations, which mean the same in every cell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cells, clients, nameOf, providers, type Cell } from './cells.ts';
import { viewOf, type ClientView } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import type { Ending, ToldPart } from './fixtures/wire.ts';
import { conversationAsked, outlineOf, type Asked } from './provider-view.ts';
import { conversationOf, toolFields, type Said } from './requests.ts';
import { answerOf, textAnswer } from './stories.ts';

const pieces = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
const input = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 3 });

type Kind = { readonly text: string[] } | { readonly thinking: string[] } | { readonly input: object };

function partOf(kind: Kind, index: number): ToldPart {
  if ('text' in kind) return kind;
  if ('thinking' in kind) return { ...kind, signature: 'EqQBCg==' };
  const json = JSON.stringify(kind.input);
  return { call: { id: `call_${index}`, name: 'get_weather', pieces: [json.slice(0, 3), json.slice(3)].filter((piece) => piece !== '') } };
}

const parts = fc
  .array(fc.oneof<fc.Arbitrary<Kind>[]>(fc.record({ text: pieces }), fc.record({ thinking: pieces }), fc.record({ input })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((kinds) => kinds.map(partOf));

/** What every form of the answer must say alike. */
function meaningOf({ text, thinking, calls, finish, usage }: ClientView): unknown {
  const { service_tier: _tier, cache_creation: _creation, ...counted } = usage;
  return { text, thinking, finish, counted, calls: calls.map((call) => [call.id, call.name, JSON.parse(call.arguments) as unknown]) };
}

for (const cell of cells.filter(({ streaming }) => streaming === 'stream')) {
  const whole: Cell = { ...cell, streaming: 'whole' };
  test(`[${nameOf(cell)}]: an answer means the same streamed, however it is cut, and whole`, async () => {
    const endings: Ending[] = cell.out === 'ollama' ? ['stop', 'length', 'unknown'] : ['stop', 'length', 'filtered', 'unknown'];
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom(...endings), fc.integer({ min: 1, max: 300 }), async (told, word, size) => {
        const ending = word === 'stop' && told.some((part) => 'call' in part) ? 'calls' : word;
        const see = async (at: Cell, length?: number): Promise<ClientView> => {
          const asksUsage = at.in === 'openai-completions' && at.streaming === 'stream' && { stream_options: { include_usage: true } };
          const reply = replyOf(at, answerOf(at, told, ending), length);
          return viewOf(at, await exchange({ cell: at, request: { ...toolFields(at), ...asksUsage }, replies: [reply] }));
        };
        const streamed = await see(cell, size);
        assert.deepEqual(meaningOf(streamed), meaningOf(await see(whole)));
        assert.equal(streamed.text, told.flatMap((part) => ('text' in part ? part.text : [])).join(''));
        assert.equal(streamed.calls.length, told.filter((part) => 'call' in part).length);
      }),
      { numRuns: 10 },
    );
  });
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 1, maxLength: 4 });

/** Calls of which some are answered, in any order. */
const calling = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.shuffledSubarray([0, 1, 2])).map(([count, answered]) => ({ count, answered }));
type Turn = Said | { readonly count: number; readonly answered: readonly number[] };

const turns = fc.array(
  fc.oneof<fc.Arbitrary<Turn>[]>(
    word.map((user) => ({ user })),
    word.map((assistant) => ({ assistant })),
    word.map((system) => ({ system })),
    calling,
  ),
  { minLength: 1, maxLength: 6 },
);

function saidOf(turn: Turn, at: number): Said[] {
  if (!('count' in turn)) return [turn];
  const { count, answered } = turn;
  const ids = Array.from({ length: count }, (_, index) => `call_${at}_${index}`);
  const results = answered.filter((index) => index < count).map((index) => ({ id: `call_${at}_${index}`, content: 'done' }));
  return [{ calls: ids.map((id) => ({ id, name: 'get_weather', json: '{"a":1}' })) }, ...(results.length > 0 ? [{ results }] : [])];
}

/** Some providers mark a later system message as text, some order results by their calls, some put texts before calls: all mean the same. */
function outlineInAnyOrder(asked: readonly Asked[]): string[] {
  const plain = asked.map((one): Asked => {
    const marked = 'user' in one ? /^<system>\n([^]*)\n<\/system>$/.exec(one.user) : null;
    return marked ? { system: marked[1] ?? '' } : one;
  });
  return outlineOf(plain).map((line) => {
    const [who = '', ...words] = line.split(/\s+/);
    return [who, ...(who === 'results' || who === 'assistant' ? words.toSorted() : words)].join(' ');
  });
}

for (const client of clients) {
  test(`[${client}]: a conversation means the same to every provider that it is translated for`, async () => {
    await fc.assert(
      fc.asyncProperty(turns, async (generated) => {
        const said = [...generated.flatMap(saidOf), { user: 'end' }];
        const outlines: string[][] = [];
        for (const out of providers.filter((name) => name !== client)) {
          const cell: Cell = { in: client, out, streaming: 'whole' };
          const request = { ...toolFields(cell), ...conversationOf(client, said) };
          const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
          assert.equal(result.status, 200, result.text);
          outlines.push(outlineInAnyOrder(conversationAsked(out, result.asked[0]?.body)));
        }
        for (const outline of outlines) assert.deepEqual(outline, outlines[0]);
      }),
      { numRuns: 40 },
    );
  });
}
