/** https://platform.openai.com/docs/api-reference/chat */
import type { Answer, Counts } from '../conversation.ts';
import { allInput, event, finishOf, halves, model, type Wire } from './wire.ts';

const finishes = ['stop', 'length', 'content_filter'];
const finish = (answer: Answer): string => (answer.calls.length > 0 ? 'tool_calls' : finishOf({ finishes }, answer));

function usageOf(counts: Counts): object {
  const { output, reasoning, cacheRead, cacheWrite } = counts;
  const input = allInput(counts);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const head = { id: 'chatcmpl-1', created: 1_763_700_000, model };

export const openaiCompletions: Wire = {
  contentType: 'text/event-stream',
  finishes,
  whole(answer) {
    const calls = answer.calls.map(({ id, name, input }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input) },
    }));
    const content = answer.text.length === 0 ? null : answer.text.join('');
    const message = { role: 'assistant', content, refusal: null, ...(calls.length > 0 && { tool_calls: calls }) };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish(answer) }];
    return { ...head, object: 'chat.completion', choices, usage: usageOf(answer.usage) };
  },
  stream(answer) {
    const chunk = (delta: object, reason: string | null = null): string =>
      event({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
        usage: null,
      });
    return [
      chunk({ role: 'assistant', content: '' }),
      ...answer.text.map((content) => chunk({ content })),
      ...answer.calls.flatMap(({ id, name, input }, index) => [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
        ...halves(JSON.stringify(input)).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      [
        chunk({}, finish(answer)),
        event({ ...head, object: 'chat.completion.chunk', choices: [], usage: usageOf(answer.usage) }),
        'data: [DONE]\n\n',
      ].join(''),
    ];
  },
  failure: () => event({ error: { message: 'The server had an error.', type: 'server_error', param: null, code: null } }),
  refusal: () => ({ error: { message: 'No.', type: 'invalid_request_error', param: null, code: null } }),
};
