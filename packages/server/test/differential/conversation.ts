/** What is asked in a conversation and what the model answers, in nobody's wire format, and generators of both. */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import fc from 'fast-check';

/** One question with all that was said before, and how it is answered. */
export interface Conversation {
  readonly question: Question;
  readonly answer: Answer;
}

/** What Vercel's provider code is called with. */
export type Question = LanguageModelV4CallOptions;

export interface Answer {
  readonly reasoning: readonly string[];
  /** Pieces of one text; none for no text. */
  readonly text: readonly string[];
  readonly calls: readonly Call[];
  /** Chooses among the reasons that a wire format has for ending without a tool call. */
  readonly finish: number;
  readonly usage: Counts;
  readonly failure?: Failure;
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: JsonRecord;
}

type JsonRecord = Record<string, string | number | boolean | null | readonly string[]>;

export interface Counts {
  readonly uncached: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  /** Part of `output`. */
  readonly reasoning: number;
}

/** `refused`: a status instead of an answer. Of a stream: `event`: an error in it; `cut`: the connection breaks; `unfinished`: it ends without its end. */
export type Failure = { readonly kind: 'refused'; readonly status: number } | { readonly kind: 'event' | 'cut' | 'unfinished' };

/** Any text with something to see in it, in any script, blanks at its ends included. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((one) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(one) && !/[\p{Cn}\p{Cs}\p{Cc}]/u.test(one));
const lines = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: fc.array(text, { minLength: 2, maxLength: 3 }).map((all) => all.join('\n')) },
);

/** One time in four. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const tools: readonly LanguageModelV4FunctionTool[] = [
  {
    type: 'function',
    name: 'look',
    description: 'Looks at a place.',
    inputSchema: {
      type: 'object',
      properties: { at: { type: 'string', description: 'Where.' }, closely: { type: 'boolean' } },
      required: ['at'],
      additionalProperties: false,
    },
  },
  {
    type: 'function',
    name: 'count_doors',
    inputSchema: {
      type: 'object',
      properties: { floor: { type: 'integer', minimum: 0 }, kinds: { type: 'array', items: { type: 'string', enum: ['left', 'right'] } } },
    },
  },
  { type: 'function', name: 'wait', description: 'Does nothing.', inputSchema: { type: 'object', properties: {} } },
];

const inputs: Readonly<Record<string, fc.Arbitrary<JsonRecord>>> = {
  look: fc.record({ at: lines, closely: fc.boolean() }, { requiredKeys: ['at'] }),
  count_doors: fc.record({ floor: fc.nat(9), kinds: fc.subarray(['left', 'right']) }, { requiredKeys: [] }),
  wait: fc.constant({}),
};

const call = fc
  .constantFrom(...tools)
  .chain(({ name }) => fc.record({ id: fc.constant(''), name: fc.constant(name), input: inputs[name] ?? fc.constant({}) }));

/** Ids are unique within a conversation, in the form of the provider that is asked. */
function withIds(calls: readonly Call[], turn: number): Call[] {
  return calls.map((one, index) => ({ ...one, id: `call_${turn}_${index}` }));
}

/** A picture of one pixel. */
const pixel = Uint8Array.from(
  Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
);

type Part<Role extends 'user' | 'tool'> = Extract<LanguageModelV4Message, { role: Role }>['content'][number];

const userPart: fc.Arbitrary<Part<'user'>> = fc.oneof(
  { weight: 4, arbitrary: lines.map((one) => ({ type: 'text' as const, text: one })) },
  { weight: 1, arbitrary: fc.constant({ type: 'file' as const, mediaType: 'image/png', data: { type: 'data' as const, data: pixel } }) },
);
const user: fc.Arbitrary<LanguageModelV4Message> = fc
  .array(userPart, { minLength: 1, maxLength: 3 })
  .map((content) => ({ role: 'user', content }));

const result = fc.oneof(
  lines.map((value) => ({ type: 'text' as const, value })),
  fc.record({ open: fc.boolean(), seen: lines }).map((value) => ({ type: 'json' as const, value })),
  lines.map((value) => ({ type: 'error-text' as const, value })),
);

/** What the model said earlier and what came of it: a text that a user replies to, or calls and their results. */
const turn = fc.oneof(
  fc.tuple(lines, user).map(([said, reply]) => (): LanguageModelV4Prompt => [
    { role: 'assistant', content: [{ type: 'text', text: said }] },
    reply,
  ]),
  fc
    .tuple(fc.option(lines, { nil: undefined }), fc.array(fc.tuple(call, result), { minLength: 1, maxLength: 3 }))
    .map(([said, pairs]) => (number: number): LanguageModelV4Prompt => {
      const calls = withIds(
        pairs.map(([one]) => one),
        number,
      );
      const made = calls.map(({ id, name, input }) => ({ type: 'tool-call' as const, toolCallId: id, toolName: name, input }));
      const results = calls.map(({ id, name }, index) => ({
        type: 'tool-result' as const,
        toolCallId: id,
        toolName: name,
        output: pairs[index]?.[1] ?? { type: 'text' as const, value: 'nothing' },
      }));
      return [
        { role: 'assistant', content: [...(said === undefined ? [] : [{ type: 'text' as const, text: said }]), ...made] },
        { role: 'tool', content: results },
      ];
    }),
);

const prompt = fc
  .tuple(fc.option(lines, { nil: undefined }), user, fc.array(turn, { maxLength: 4 }))
  .map(([system, first, turns]): LanguageModelV4Prompt => [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    first,
    ...turns.flatMap((make, index) => make(index)),
  ]);

const hundredths = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);

const numbers = fc.record(
  { maxOutputTokens: fc.integer({ min: 1, max: 4000 }), temperature: hundredths, topP: hundredths },
  { requiredKeys: [] },
);
// Rare, because one of the formats has no place for them.
const settings = fc
  .tuple(numbers, sometimes(fc.uniqueArray(text, { minLength: 1, maxLength: 3 })))
  .map(([some, stopSequences]) => ({ ...some, ...(stopSequences && { stopSequences }) }));

type ToolSettings = Pick<Question, 'tools' | 'toolChoice'>;

const toolChoice: fc.Arbitrary<NonNullable<Question['toolChoice']>> = fc.oneof(
  fc.constantFrom({ type: 'auto' as const }, { type: 'none' as const }, { type: 'required' as const }),
  fc.constantFrom(...tools).map(({ name }) => ({ type: 'tool' as const, toolName: name })),
);
const toolSettings: fc.Arbitrary<ToolSettings> = fc.option(toolChoice, { nil: undefined }).map((choice) => ({
  tools: [...tools],
  ...(choice && { toolChoice: choice }),
}));

const schema = {
  type: 'object' as const,
  properties: { door: { type: 'string' as const }, sure: { type: 'boolean' as const } },
  required: ['door', 'sure'],
  additionalProperties: false,
};
const responseFormat: fc.Arbitrary<Pick<Question, 'responseFormat'>> = fc.constant({
  responseFormat: { type: 'json' as const, name: 'doors', schema },
});

/** Tools are defined wherever the conversation has calls, as providers demand. */
const question: fc.Arbitrary<Question> = fc
  .tuple(
    prompt,
    settings,
    toolSettings,
    fc.boolean(),
    fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: responseFormat }),
  )
  .map(([messages, some, withTools, wanted, format]) => {
    const called = messages.some(({ role }) => role === 'tool');
    return {
      prompt: messages,
      ...some,
      ...(called || (wanted && !('responseFormat' in format)) ? withTools : {}),
      ...(called ? {} : format),
    };
  });

const counts: fc.Arbitrary<Counts> = fc
  .tuple(fc.nat(50_000), fc.nat(20_000), fc.nat(5000), fc.integer({ min: 1, max: 3000 }), fc.nat(2000))
  .map(([uncached, cacheRead, cacheWrite, visible, reasoning]) => ({
    uncached: uncached + 1,
    cacheRead,
    cacheWrite,
    output: visible + reasoning,
    reasoning,
  }));

const failure: fc.Arbitrary<Failure> = fc.oneof(
  fc.constantFrom(400, 401, 403, 404, 413, 429, 500, 503, 529).map((status) => ({ kind: 'refused' as const, status })),
  fc.constantFrom('event' as const, 'cut' as const, 'unfinished' as const).map((kind) => ({ kind })),
);

const answer: fc.Arbitrary<Answer> = fc
  .tuple(
    fc.array(lines, { maxLength: 2 }),
    fc.array(lines, { maxLength: 3 }),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(call, { minLength: 1, maxLength: 3 }) }),
    fc.record({ finish: fc.noBias(fc.nat(69)), usage: counts }),
    sometimes(failure),
  )
  .map(([reasoning, said, calls, rest, failed]) => ({
    ...rest,
    reasoning,
    // An answer of nothing at all is a failure of its own kind.
    text: said.length === 0 && calls.length === 0 ? ['Yes.'] : said,
    calls: withIds(calls, 99),
    ...(failed && { failure: failed }),
  }));

/** The same for the same seed. */
export function generateConversations(count: number, seed: number): Conversation[] {
  return fc.sample(fc.record({ question, answer }), { numRuns: count, seed });
}
