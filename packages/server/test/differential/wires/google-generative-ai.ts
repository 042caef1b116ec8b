/** https://ai.google.dev/api/generate-content */
import type { Answer, Counts } from '../conversation.ts';
import { allInput, event, finishOf, model, type Wire } from './wire.ts';

const finishes = [
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'PROHIBITED_CONTENT',
  'BLOCKLIST',
  'SPII',
  'LANGUAGE',
  'OTHER',
  'MALFORMED_FUNCTION_CALL',
];

const finish = (answer: Answer): string => (answer.calls.length > 0 ? 'STOP' : finishOf({ finishes }, answer));

function usageOf(counts: Counts): object {
  const { cacheRead, output, reasoning } = counts;
  const input = allInput(counts);
  return {
    promptTokenCount: input,
    cachedContentTokenCount: cacheRead,
    candidatesTokenCount: output - reasoning,
    thoughtsTokenCount: reasoning,
    totalTokenCount: input + output,
  };
}

function partsOf({ reasoning, text, calls }: Answer): object[] {
  return [
    ...reasoning.map((one) => ({ text: one, thought: true })),
    ...text.map((one) => ({ text: one })),
    ...calls.map(({ id, name, input }, index) => ({
      functionCall: { id, name, args: input },
      ...(index === 0 && { thoughtSignature: 'c2lnbmVk' }),
    })),
  ];
}

const answerOf = (parts: readonly object[], more: object, usageMetadata: object): object => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  usageMetadata,
  modelVersion: model,
  responseId: 'r-1',
});

export const googleGenerativeAi: Wire = {
  contentType: 'text/event-stream',
  finishes,
  whole: (answer) => answerOf(partsOf(answer), { finishReason: finish(answer) }, usageOf(answer.usage)),
  stream(answer) {
    const usage = usageOf(answer.usage);
    const parts = partsOf(answer);
    return [
      ...parts.map((part) => event(answerOf([part], {}, usage))),
      event(answerOf([{ text: '' }], { finishReason: finish(answer) }, usage)),
    ];
  },
  failure: () => event({ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }),
  refusal: (status) => ({ error: { code: status, message: 'No.', status: 'INVALID_ARGUMENT' } }),
};
