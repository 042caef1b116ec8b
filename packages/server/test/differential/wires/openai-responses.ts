/** https://platform.openai.com/docs/api-reference/responses */
import type { Answer, Counts } from '../conversation.ts';
import { allInput, event, finishOf, halves, model, type Wire } from './wire.ts';

const finishes = ['completed', 'max_output_tokens', 'content_filter'];

function usageOf(counts: Counts): object {
  const { output, reasoning, cacheRead, cacheWrite } = counts;
  const input = allInput(counts);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

type Item = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

function itemsOf({ reasoning, text, calls }: Answer): Item[] {
  const summary = reasoning.map((one) => ({ type: 'summary_text', text: one }));
  const content = [{ type: 'output_text', text: text.join(''), annotations: [], logprobs: [] }];
  return [
    ...(summary.length > 0 ? [{ id: 'rs_1', type: 'reasoning', summary, encrypted_content: null, status: 'completed' }] : []),
    ...(text.length > 0 ? [{ id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content }] : []),
    ...calls.map((call, index) => ({
      id: `fc_${index}`,
      type: 'function_call',
      status: 'completed',
      call_id: call.id,
      name: call.name,
      arguments: JSON.stringify(call.input),
    })),
  ];
}

const base = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_763_700_000,
  error: null,
  instructions: null,
  metadata: {},
  model,
  parallel_tool_calls: true,
  previous_response_id: null,
  tool_choice: 'auto',
  tools: [],
};

function responseOf(answer: Answer): { readonly status: string } & Readonly<Record<string, unknown>> {
  const reason = answer.calls.length > 0 ? 'completed' : finishOf({ finishes }, answer);
  const ending =
    reason === 'completed' ? { status: 'completed', incomplete_details: null } : { status: 'incomplete', incomplete_details: { reason } };
  return { ...base, ...ending, output: itemsOf(answer), usage: usageOf(answer.usage) };
}

/** The events of one item, as `[type, fields]`. */
function* eventsOf(item: Item, index: number, answer: Answer): Generator<readonly [string, object]> {
  const at = { item_id: item.id, output_index: index };
  const begun = { ...item, status: 'in_progress', ...emptied[item.type] };
  yield ['response.output_item.added', { output_index: index, item: begun }];
  if (item.type === 'reasoning') {
    for (const [number, text] of answer.reasoning.entries()) {
      const part = { ...at, summary_index: number };
      yield ['response.reasoning_summary_part.added', { ...part, part: { type: 'summary_text', text: '' } }];
      for (const delta of halves(text)) yield ['response.reasoning_summary_text.delta', { ...part, delta }];
      yield ['response.reasoning_summary_text.done', { ...part, text }];
      yield ['response.reasoning_summary_part.done', { ...part, part: { type: 'summary_text', text } }];
    }
  } else if (item.type === 'message') {
    const part = { ...at, content_index: 0 };
    const empty = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    yield ['response.content_part.added', { ...part, part: empty }];
    for (const delta of answer.text) yield ['response.output_text.delta', { ...part, delta, logprobs: [] }];
    yield ['response.output_text.done', { ...part, text: answer.text.join(''), logprobs: [] }];
    yield ['response.content_part.done', { ...part, part: { ...empty, text: answer.text.join('') } }];
  } else {
    const text = String(item['arguments']);
    for (const delta of halves(text)) yield ['response.function_call_arguments.delta', { ...at, delta }];
    yield ['response.function_call_arguments.done', { ...at, arguments: text, name: item['name'] }];
  }
  yield ['response.output_item.done', { output_index: index, item }];
}

const emptied: Readonly<Record<string, object>> = {
  reasoning: { summary: [] },
  message: { content: [] },
  function_call: { arguments: '' },
};

export const openaiResponses: Wire = {
  contentType: 'text/event-stream',
  finishes,
  whole: responseOf,
  stream(answer) {
    const response = responseOf(answer);
    const begun = { ...base, status: 'in_progress', incomplete_details: null, output: [], usage: null };
    const events: (readonly [string, object])[] = [
      ['response.created', { response: begun }],
      ['response.in_progress', { response: begun }],
      ...itemsOf(answer).flatMap((item, index) => [...eventsOf(item, index, answer)]),
      [`response.${response.status}`, { response }],
    ];
    return events.map(([type, fields], number) => event({ type, sequence_number: number, ...fields }, type));
  },
  failure() {
    const error = { code: 'server_error', message: 'The server had an error.' };
    const response = { ...base, status: 'failed', error, incomplete_details: null, output: [], usage: null };
    return event({ type: 'response.failed', sequence_number: 99, response }, 'response.failed');
  },
  refusal: () => ({ error: { message: 'No.', type: 'invalid_request_error', param: null, code: null } }),
};
