/** What holds for the requests of every dialect, tried on random ones: what is written is read again as the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import type { ClientDialectName, EncodeTarget } from './dialect.ts';
import { dialects } from './index.ts';
import type { Message, ModelRequest, Part, TextPart, ToolCallPart, ToolResultPart } from './request.ts';

const names = Object.keys(dialects) as ClientDialectName[];
const target: EncodeTarget = { provider: 'acme', model: 'large', quirks: { developerRole: true }, maxOutputTokens: 1024 };

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const content = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const cacheControl = optional(fc.constant<JsonObject>({ type: 'ephemeral', ttl: '1h' }));

const defined = <T extends object>(value: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

const textPart: fc.Arbitrary<TextPart> = fc
  .record({ type: fc.constant('text' as const), text: content, cacheControl })
  .map((part) => defined<TextPart>(part));
const source = fc
  .oneof(
    fc.record({ kind: fc.constant('url' as const), url: fc.webUrl() }),
    fc.record({ kind: fc.constant('base64' as const), mediaType: fc.constantFrom('image/png', 'image/jpeg'), data: fc.base64String() }),
  )
  .map((value) => ({ ...value }));
const imagePart = fc.record({ type: fc.constant('image' as const), source, cacheControl }).map((part) => defined<Part>(part));
const filePart = fc
  .record({ type: fc.constant('file' as const), data: fc.base64String(), filename: optional(word) })
  .map(({ data, filename }) => defined<Part>({ type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data }, filename }));
const userPart: fc.Arbitrary<Part> = fc.oneof(textPart, imagePart, filePart);
const call: fc.Arbitrary<Omit<ToolCallPart, 'id'>> = fc
  .record({
    type: fc.constant('toolCall' as const),
    name: word,
    argumentsJson: fc.dictionary(word, fc.integer(), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
  })
  .map((part) => ({ ...part }));
const thinking = fc.record({ type: fc.constant('thinking' as const), text: content, signature: word }).map((part): Part => ({ ...part }));

/** One exchange: what the user says, what the model answers, and what its tools returned. */
const exchange = fc
  .record({
    user: fc.array(userPart, { minLength: 1, maxLength: 3 }),
    thinking: fc.array(thinking, { maxLength: 1 }),
    texts: fc.array(textPart, { minLength: 1, maxLength: 2 }),
    calls: fc.array(call, { maxLength: 2 }),
    results: fc.array(fc.array(textPart, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 2 }),
  })
  .map((turn) => (index: number): Message[] => {
    const calls = turn.calls.map((part, at): ToolCallPart => ({ ...part, id: `call_${index}_${at}` }));
    const results = calls.map(({ id }, at): ToolResultPart => ({ type: 'toolResult', toolCallId: id, parts: turn.results[at] ?? [] }));
    return [
      { role: 'user', parts: turn.user },
      { role: 'assistant', parts: [...turn.thinking, ...turn.texts, ...calls] },
      ...(results.length > 0 ? [{ role: 'tool', parts: results } as const] : []),
    ];
  });
const system = fc.array(textPart, { minLength: 1, maxLength: 2 }).map((parts): Message => ({ role: 'system', parts }));

const messages = fc
  .tuple(fc.array(system, { maxLength: 1 }), fc.array(exchange, { minLength: 1, maxLength: 4 }))
  .map(([first, turns]): Message[] => [...first, ...turns.flatMap((turn, index) => turn(index))]);

const tool = fc
  .record({
    type: fc.constant('function' as const),
    name: word,
    description: optional(content),
    strict: optional(fc.boolean()),
    cacheControl,
  })
  .map((part) => defined({ ...part, inputSchema: { type: 'object', properties: {} } }) as NonNullable<ModelRequest['tools']>[number]);

const common = fc.record({
  stream: fc.boolean(),
  messages,
  tools: optional(fc.array(tool, { minLength: 1, maxLength: 3 })),
  maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
  temperature: optional(fc.constantFrom(0, 0.5, 1)),
  topP: optional(fc.constantFrom(0.1, 1)),
  topK: optional(fc.nat(100)),
  stopSequences: optional(fc.array(word, { minLength: 1, maxLength: 3 })),
  user: optional(word),
  serviceTier: optional(fc.constant('auto')),
  toolChoice: optional(
    fc.constantFrom<NonNullable<ModelRequest['toolChoice']>>({ type: 'auto' }, { type: 'required' }, { type: 'function', name: 'look' }),
  ),
  parallelToolCalls: optional(fc.constant(false)),
  extensions: fc.constantFrom<JsonObject>({}, { a_field_of_tomorrow: { x: [1] } }),
});

const own: Readonly<Record<ClientDialectName, fc.Arbitrary<Partial<ModelRequest>>>> = {
  'openai-completions': fc.constantFrom<Partial<ModelRequest>>(
    {},
    { reasoning: { effort: 'high' } },
    { responseFormat: { type: 'jsonObject' } },
    { responseFormat: { type: 'jsonSchema', name: 'answer', schema: { type: 'object' }, strict: true } },
  ),
  'openai-responses': fc.constantFrom<Partial<ModelRequest>>(
    {},
    { reasoning: { effort: 'high' } },
    { reasoning: { effort: 'low' }, extensions: { reasoning: { summary: 'auto' }, text: { verbosity: 'low' } } },
    { responseFormat: { type: 'jsonObject' } },
    { responseFormat: { type: 'jsonSchema', name: 'answer', schema: { type: 'object' }, strict: true } },
  ),
  'anthropic-messages': fc.constantFrom<Partial<ModelRequest>>(
    {},
    { reasoning: { budgetTokens: 2048 } },
    { reasoning: { budgetTokens: 0 } },
    { reasoning: { adaptive: true, effort: 'low' } },
    { responseFormat: { type: 'jsonSchema', name: 'response', schema: { type: 'object' }, strict: true } },
  ),
};

/** The Responses API has neither `top_k` nor stop sequences, and reads its own proofs of thinking only. */
function sayableBy<T extends Pick<ModelRequest, 'messages'>>(name: ClientDialectName, fields: T): T {
  if (name !== 'openai-responses') return fields;
  const proven = (part: Part): Part =>
    part.type === 'thinking' ? { ...part, signature: `openai-responses::rs_1:${part.signature}` } : part;
  const own = fields.messages.map((message) => ({ ...message, parts: message.parts.map(proven) }));
  return { ...fields, messages: own, topK: undefined, stopSequences: undefined };
}

for (const name of names) {
  test(`${name}: a request that is written and read again is the same request`, () => {
    fc.assert(
      fc.property(common, own[name], (fields, more) => {
        const hasTools = fields.tools !== undefined;
        const request = defined<ModelRequest>({
          ...sayableBy(name, fields),
          toolChoice: hasTools ? (fields.toolChoice ?? (fields.parallelToolCalls === undefined ? undefined : { type: 'auto' })) : undefined,
          parallelToolCalls: hasTools ? fields.parallelToolCalls : undefined,
          ...more,
          dialect: name,
          model: 'large',
          // Usage is asked for on every stream.
          includeUsage: name !== 'openai-completions' || fields.stream,
        });
        const { body } = dialects[name].encodeRequest(request, target);
        assert.deepEqual(dialects[name].decodeRequest(JSON.parse(JSON.stringify(body)) as JsonObject), request);
      }),
    );
  });

  test(`${name}: a request of another dialect becomes one that this dialect reads`, () => {
    fc.assert(
      fc.property(common, fc.constantFrom(...names.filter((one) => one !== name)), (fields, other) => {
        const { topK, ...carried } = sayableBy(name, fields);
        assert.ok(topK === undefined || topK >= 0);
        const request = defined<ModelRequest>({ ...carried, extensions: {}, dialect: other, model: 'large', includeUsage: true });
        const { body } = dialects[name].encodeRequest(request, target);
        const read = dialects[name].decodeRequest(JSON.parse(JSON.stringify(body)) as JsonObject);
        const said = (one: ModelRequest): unknown =>
          one.messages.flatMap(({ parts }) => parts).flatMap((part) => (part.type === 'text' ? [part.text] : []));
        const called = (one: ModelRequest): unknown =>
          one.messages
            .flatMap(({ parts }) => parts)
            .flatMap((part) => (part.type === 'toolCall' ? [[part.id, part.name, part.argumentsJson]] : []));
        assert.deepEqual(said(read), said(request));
        assert.deepEqual(called(read), called(request));
        assert.deepEqual(
          read.messages.map(({ role }) => role),
          request.messages.map(({ role }) => role),
        );
      }),
    );
  });

  test(`${name}: a body of any shape is read or refused with a path, never worse`, () => {
    const keys = fc.constantFrom(
      'model',
      'messages',
      'input',
      'instructions',
      'output',
      'summary',
      'call_id',
      'encrypted_content',
      'format',
      'role',
      'content',
      'type',
      'text',
      'tools',
      'function',
      'tool_calls',
      'image_url',
      'source',
      'stream',
      'max_tokens',
      'tool_choice',
      'response_format',
      'thinking',
      'system',
      'stop',
      'name',
      'input_schema',
      'stream_options',
      '__proto__',
    );
    const words = fc.constantFrom<unknown>(
      'user',
      'assistant',
      'tool',
      'system',
      'message',
      'reasoning',
      'function_call',
      'function_call_output',
      'input_text',
      'input_image',
      'input_file',
      'json_schema',
      'allowed_tools',
      'text',
      'image',
      'image_url',
      'function',
      'base64',
      'x',
      1,
      true,
      null,
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        words,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, value, { maxKeys: 6 }), (fields) => {
        const body = JSON.parse(JSON.stringify({ model: 'm', max_tokens: 1, messages: [], ...fields })) as JsonObject;
        try {
          dialects[name].decodeRequest(body);
        } catch (thrown) {
          const error = thrown as { code?: string; param?: string };
          assert.ok(error.code === 'invalid_request' || error.code === 'unsupported_feature', String(thrown));
          assert.ok(error.param);
        }
      }),
    );
  });
}
