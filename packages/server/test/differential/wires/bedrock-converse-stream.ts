/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
import { eventFrame, exceptionFrame } from '../../../src/models/dialects/bedrock-converse-stream/frames.fixture.ts';
import type { Answer, Counts } from '../conversation.ts';
import { allInput, finishOf, halves, type Wire } from './wire.ts';

const finishes = [
  'end_turn',
  'stop_sequence',
  'max_tokens',
  'content_filtered',
  'guardrail_intervened',
  'model_context_window_exceeded',
  'malformed_model_output',
];
const finish = (answer: Answer): string => (answer.calls.length > 0 ? 'tool_use' : finishOf({ finishes }, answer));
const signature = 'c2lnbmVk';

const usageOf = (counts: Counts) => ({
  inputTokens: counts.uncached,
  outputTokens: counts.output,
  totalTokens: allInput(counts) + counts.output,
  cacheReadInputTokens: counts.cacheRead,
  cacheWriteInputTokens: counts.cacheWrite,
});

/** Of one block: how it starts, if it says so, and its deltas. */
interface Block {
  readonly start?: { readonly toolUse: { readonly toolUseId: string; readonly name: string } };
  readonly deltas: readonly Readonly<Record<string, string | Readonly<Record<string, string>>>>[];
}

function blocksOf({ reasoning, text, calls }: Answer): Block[] {
  const thought = [...reasoning.map((one) => ({ reasoningContent: { text: one } })), { reasoningContent: { signature } }];
  return [
    ...(reasoning.length > 0 ? [{ deltas: thought }] : []),
    ...(text.length > 0 ? [{ deltas: text.map((one) => ({ text: one })) }] : []),
    ...calls.map(({ id, name, input }) => ({
      start: { toolUse: { toolUseId: id, name } },
      deltas: halves(JSON.stringify(input)).map((piece) => ({ toolUse: { input: piece } })),
    })),
  ];
}

export const bedrockConverseStream: Wire = {
  contentType: 'application/vnd.amazon.eventstream',
  finishes,
  whole(answer) {
    const { reasoning, text, calls } = answer;
    const content = [
      ...(reasoning.length > 0 ? [{ reasoningContent: { reasoningText: { text: reasoning.join(''), signature } } }] : []),
      ...(text.length > 0 ? [{ text: text.join('') }] : []),
      ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
    ];
    return {
      output: { message: { role: 'assistant', content } },
      stopReason: finish(answer),
      usage: usageOf(answer.usage),
      metrics: { latencyMs: 300 },
    };
  },
  stream(answer) {
    return [
      eventFrame('messageStart', { role: 'assistant' }),
      ...blocksOf(answer).flatMap(({ start, deltas }, index) => [
        ...(start ? [eventFrame('contentBlockStart', { contentBlockIndex: index, start })] : []),
        ...deltas.map((delta) => eventFrame('contentBlockDelta', { contentBlockIndex: index, delta })),
        eventFrame('contentBlockStop', { contentBlockIndex: index }),
      ]),
      Buffer.concat([
        eventFrame('messageStop', { stopReason: finish(answer) }),
        eventFrame('metadata', { usage: usageOf(answer.usage), metrics: { latencyMs: 300 } }),
      ]),
    ];
  },
  failure: () => exceptionFrame('modelStreamErrorException', { message: 'The model had an error.' }),
  refusal: () => ({ message: 'No.' }),
};
