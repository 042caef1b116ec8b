/** What holds for the answers of every dialect, tried on random ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { assertEventOrder } from './assert-event-order.ts';
import type { ClientDialectName, EncodeOptions } from './dialect.ts';
import type { Block, FinishReason, ModelEvent, Usage } from './events.ts';
import { dialects } from './index.ts';
import { createServerSentEventParser } from './server-sent-events.ts';
import { collectAnswer } from './whole-answer.ts';

const names = Object.keys(dialects) as ClientDialectName[];
const options: EncodeOptions = { requestedModel: 'acme/large', includeUsage: true, requestId: 'req_1', nowMs: 1_767_225_600_000 };

function decodeStream(name: ClientDialectName, bytes: Buffer, size = bytes.length || 1): ModelEvent[] {
  const parser = createServerSentEventParser();
  const decoder = dialects[name].decodeResponse('acme');
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const event of parser.push(bytes.subarray(at, at + size))) events.push(...decoder.event(event));
  }
  return [...events, ...decoder.end()];
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const pieces = fc.array(text, { minLength: 1, maxLength: 4 });
const argumentsJson = fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }).map((value) => JSON.stringify(value));

type BlockPlan =
  | { readonly kind: 'text'; readonly pieces: readonly string[] }
  | { readonly kind: 'thinking'; readonly pieces: readonly string[]; readonly signature: string | undefined }
  | { readonly kind: 'redactedThinking'; readonly data: string }
  | { readonly kind: 'toolCall'; readonly name: string; readonly json: string };

const blockPlan: fc.Arbitrary<BlockPlan> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), pieces }),
  fc.record({
    kind: fc.constant('thinking' as const),
    pieces,
    signature: fc.option(fc.base64String({ minLength: 4 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('redactedThinking' as const), data: fc.base64String({ minLength: 4 }) }),
  fc.record({ kind: fc.constant('toolCall' as const), name: fc.stringMatching(/^[a-z_]{1,12}$/), json: argumentsJson }),
);

const usage: fc.Arbitrary<Usage> = fc
  .record({ plain: fc.nat(1000), cacheRead: fc.nat(1000), cacheWrite: fc.nat(1000), output: fc.nat(1000), reasoning: fc.nat(1000) })
  .map(({ plain, ...counts }) => ({ ...counts, input: plain + counts.cacheRead + counts.cacheWrite }));

const endings: Readonly<Record<FinishReason, { readonly [name in ClientDialectName]: string }>> = {
  stop: { 'openai-responses': 'completed', 'openai-completions': 'stop', 'anthropic-messages': 'end_turn' },
  stopSequence: { 'openai-responses': 'completed', 'openai-completions': 'stop', 'anthropic-messages': 'stop_sequence' },
  length: { 'openai-responses': 'max_output_tokens', 'openai-completions': 'length', 'anthropic-messages': 'max_tokens' },
  contextWindow: {
    'openai-responses': 'model_context_window_exceeded',
    'openai-completions': 'model_context_window_exceeded',
    'anthropic-messages': 'model_context_window_exceeded',
  },
  toolCalls: { 'openai-responses': 'completed', 'openai-completions': 'tool_calls', 'anthropic-messages': 'tool_use' },
  contentFilter: { 'openai-responses': 'content_filter', 'openai-completions': 'content_filter', 'anthropic-messages': 'refusal' },
  pause: { 'openai-responses': 'pause_turn', 'openai-completions': 'pause_turn', 'anthropic-messages': 'pause_turn' },
  other: { 'openai-responses': 'moon_phase', 'openai-completions': 'moon_phase', 'anthropic-messages': 'moon_phase' },
};

interface AnswerPlan {
  readonly blocks: readonly BlockPlan[];
  readonly usage: Usage;
  readonly reason: FinishReason;
}

const answerPlan: fc.Arbitrary<AnswerPlan> = fc
  .record({ blocks: fc.array(blockPlan, { maxLength: 6 }), usage, reason: fc.constantFrom(...(Object.keys(endings) as FinishReason[])) })
  .map(({ blocks, reason, ...rest }) => {
    // Texts that touch are one text on a wire without blocks; with tools called, `stop` is read as what it means.
    const apart = blocks.filter((block, at) => block.kind === 'toolCall' || block.kind !== blocks[at - 1]?.kind);
    const calls = apart.some(({ kind }) => kind === 'toolCall');
    // An answer that says nothing and counts nothing is none.
    const counted = apart.length > 0 ? rest.usage : { ...rest.usage, output: rest.usage.output + 1 };
    const means = calls && (reason === 'stop' || reason === 'stopSequence') ? 'toolCalls' : reason;
    return { ...rest, usage: counted, blocks: apart, reason: means };
  });

function eventsOf({ blocks, usage: counts, reason: planned }: AnswerPlan, name: ClientDialectName): ModelEvent[] {
  const created = name === 'anthropic-messages' ? {} : { createdSeconds: 1767225600 };
  const reason = name === 'openai-responses' ? sayableOnResponses(planned, blocks) : planned;
  const events: ModelEvent[] = [{ type: 'start', id: 'resp_1', model: 'large', ...created }];
  for (const [index, plan] of blocks.entries()) {
    events.push({ type: 'blockStart', index, block: blockOf(plan, index) });
    if (plan.kind === 'toolCall') events.push({ type: 'blockDelta', index, delta: { kind: 'arguments', json: plan.json } });
    else if (plan.kind !== 'redactedThinking') {
      for (const piece of plan.pieces) events.push({ type: 'blockDelta', index, delta: { kind: 'text', text: piece } });
      if (plan.kind === 'thinking' && plan.signature !== undefined) {
        events.push({ type: 'blockDelta', index, delta: { kind: 'signature', signature: plan.signature } });
      }
    }
    events.push({ type: 'blockStop', index });
  }
  const stopSequence = reason === 'stopSequence' ? { stopSequence: '###' } : {};
  events.push({ type: 'usage', usage: counts }, { type: 'finish', reason, providerReason: endings[reason][name], ...stopSequence });
  return events;
}

/** The Responses API has no stop sequences, and says that tools were called by the calls alone. */
function sayableOnResponses(reason: FinishReason, blocks: readonly BlockPlan[]): FinishReason {
  if (reason !== 'stopSequence' && reason !== 'toolCalls') return reason;
  return blocks.some(({ kind }) => kind === 'toolCall') ? 'toolCalls' : 'stop';
}

function blockOf(plan: BlockPlan, index: number): Block {
  if (plan.kind === 'redactedThinking') return { ...plan };
  if (plan.kind === 'toolCall') {
    return { kind: 'toolCall', id: `call_${index}`, name: plan.name };
  }
  return { kind: plan.kind };
}

/** An answer without what depends on how it was cut into events. */
function meaningOf(events: readonly ModelEvent[]): unknown {
  const { start, blocks, usage: counts, finish } = collectAnswer(events, 'req_1');
  const kept = blocks.map(({ block, text: content, signature }) => {
    if (block.kind !== 'toolCall') return { block, content, signature };
    return { block: { kind: block.kind, id: block.id, name: block.name }, content: JSON.parse(content || '{}') as unknown, signature };
  });
  return { start, blocks: kept, usage: counts, finish };
}

for (const name of names) {
  test(`${name}: an answer that is written as a stream and read again is the same answer, however it is cut`, () => {
    fc.assert(
      fc.property(answerPlan, fc.integer({ min: 1, max: 40 }), (plan, size) => {
        const events = eventsOf(plan, name);
        assertEventOrder(events);
        const bytes = Buffer.from(dialects[name].encodeResponse(options).stream(events));
        const read = decodeStream(name, bytes, size);
        assertEventOrder(read);
        assert.deepEqual(meaningOf(read), meaningOf(events));
      }),
    );
  });

  test(`${name}: an answer that is written whole and read again is the same answer`, () => {
    fc.assert(
      fc.property(answerPlan, (plan) => {
        // A whole chat completion has one place for each kind: thinking, text, calls.
        const rank = { thinking: 0, redactedThinking: 1, text: 2, toolCall: 3 };
        const sorted = plan.blocks.toSorted((a, b) => rank[a.kind] - rank[b.kind]);
        const blocks =
          name === 'openai-completions'
            ? sorted.filter((block, at) => block.kind === 'toolCall' || block.kind !== sorted[at - 1]?.kind)
            : plan.blocks;
        const events = eventsOf({ ...plan, blocks }, name);
        const body = JSON.parse(JSON.stringify(dialects[name].encodeResponse(options).whole(events))) as JsonObject;
        const read = dialects[name].decodeResponse('acme').whole(body);
        assertEventOrder(read);
        assert.deepEqual(meaningOf(read), meaningOf(events));
      }),
    );
  });

  test(`${name}: the events of a stream give the same bytes one by one and all at once`, () => {
    fc.assert(
      fc.property(answerPlan, (plan) => {
        // Usage that comes right with the start belongs to the first event of Anthropic's wire, so it is kept away from there.
        const events = eventsOf(plan, name);
        const encoder = dialects[name].encodeResponse(options);
        const oneByOne = events.map((event) => encoder.stream([event])).join('');
        if (plan.blocks.length > 0) assert.equal(oneByOne, dialects[name].encodeResponse(options).stream(events));
        assert.equal(encoder.stream(events), '', 'nothing comes after the end');
      }),
    );
  });

  test(`${name}: garbage never throws out of a decoder, and ends in an error`, () => {
    const whole = dialects[name]
      .encodeResponse(options)
      .stream(eventsOf({ blocks: [{ kind: 'text', pieces: ['Hello'] }], usage: noTokens, reason: 'stop' }, name));
    const lines = fc.oneof(
      fc.constantFrom(...whole.split(/(?<=\n\n)/)),
      fc.string().map((content) => `data: ${content}\n\n`),
      fc.jsonValue().map((value) => `data: ${JSON.stringify(value)}\n\n`),
      damaged(whole),
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 8 }), fc.integer({ min: 1, max: 64 }), (parts, size) => {
        const events = decodeStream(name, Buffer.from(parts.join('')), size);
        assertEventOrder(events);
      }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('choices', 'content', 'error', 'usage', 'stop_reason', 'id', 'output', 'status'), fc.jsonValue()),
        (body) => {
          const events = dialects[name].decodeResponse('acme').whole(body as JsonObject);
          assertEventOrder(events);
        },
      ),
    );
  });

  test(`${name}: an error is the last thing written, before or after a start`, () => {
    const error = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'it broke' } });
    for (const before of [[], eventsOf({ blocks: [], usage: noTokens, reason: 'stop' }, name).slice(0, 1)]) {
      const encoder = dialects[name].encodeResponse(options);
      encoder.stream(before);
      const bytes = encoder.stream([
        { type: 'error', error },
        { type: 'blockStart', index: 0, block: { kind: 'text' } },
      ]);
      assert.match(bytes, /^(event: (error|response\.failed)\n)?data: \{.*\}\n\n$/);
      assert.equal(encoder.stream([{ type: 'finish', reason: 'stop', providerReason: 'stop' }]), '');
      const [last] = decodeStream(name, Buffer.from(bytes)).slice(-1);
      assert.equal(last?.type, 'error');
    }
    assert.throws(() => dialects[name].encodeResponse(options).whole([{ type: 'error', error }]), error);
  });
}

const noTokens: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** Events of the dialect in which one value was replaced by another of any type. */
function damaged(stream: string): fc.Arbitrary<string> {
  const values = [...stream.matchAll(/(?<=":)("[^"]*"|\d+|null|true|false)/g)].map((match) => match[0]);
  return fc
    .tuple(fc.constantFrom(...values), fc.constantFrom('null', '7', '"x"', '[]', '{}', '[null]', '{"a":1}'))
    .map(([value, replacement]) => stream.replaceAll(`":${value}`, `":${replacement}`));
}

const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));

test('a stream of one dialect becomes the same bytes of another however it is cut', () => {
  fc.assert(
    fc.property(answerPlan, fc.constantFrom(...pairs), fc.integer({ min: 1, max: 50 }), (plan, [from, to], size) => {
      const bytes = Buffer.from(dialects[from].encodeResponse(options).stream(eventsOf(plan, from)));
      const translate = (chunk: number): string => {
        const parser = createServerSentEventParser();
        const decoder = dialects[from].decodeResponse('acme');
        const encoder = dialects[to].encodeResponse(options);
        let out = '';
        for (let at = 0; at < bytes.length; at += chunk) {
          for (const event of parser.push(bytes.subarray(at, at + chunk))) out += encoder.stream(decoder.event(event));
        }
        return out + encoder.stream(decoder.end());
      };
      assert.equal(translate(size), translate(bytes.length));
    }),
  );
});

test('a text without citations is a block without the field: clients whose schema has a list there take no null', () => {
  const events: ModelEvent[] = [
    { type: 'start', id: 'msg_1', model: 'large' },
    { type: 'blockStart', index: 0, block: { kind: 'text' } },
    { type: 'blockDelta', index: 0, delta: { kind: 'text', text: 'Hello.' } },
    { type: 'blockStop', index: 0 },
    { type: 'finish', reason: 'stop', providerReason: 'stop' },
  ];
  const { content } = dialects['anthropic-messages'].encodeResponse(options).whole(events);
  assert.deepEqual(content, [{ type: 'text', text: 'Hello.' }]);
  assert.doesNotMatch(dialects['anthropic-messages'].encodeResponse(options).stream(events), /citations/);
});
