/** Answers as providers write them, in their dialects: whole bodies and stream parts with the field order of the real APIs. */
import type { Api } from './gateway.ts';

export interface Answer {
  readonly text?: string;
  readonly calls?: readonly Call[];
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface StreamedAnswer {
  readonly text?: readonly string[];
  readonly calls?: readonly Call[];
}

export function chatWhole({ text, calls }: Answer): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_763_700_000,
    model: 'large-2026',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text ?? null, refusal: null, ...(calls ? { tool_calls: calls.map(chatCall) } : {}) },
        logprobs: null,
        finish_reason: calls ? 'tool_calls' : 'stop',
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
    system_fingerprint: 'fp_1',
  };
}

function chatCall(call: Call): object {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } };
}

export function chatStream({ text = [], calls = [] }: StreamedAnswer): string[] {
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_763_700_000, model: 'large-2026', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`;
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
  return [
    chunk({ role: 'assistant', content: '' }),
    ...text.map((content) => chunk({ content })),
    ...calls.flatMap((call, index) => [
      chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }] }),
      ...halves(call.arguments).map((half) => chunk({ tool_calls: [{ index, function: { arguments: half } }] })),
    ]),
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_763_700_000, model: 'large-2026', choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ];
}

export function anthropicWhole({ text, calls = [] }: Answer): object {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'large-2026',
    content: [
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: JSON.parse(call.arguments) as object })),
    ],
    stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3, service_tier: 'standard' },
  };
}

export function anthropicStream({ text = [], calls = [] }: StreamedAnswer): string[] {
  const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const usage = { input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'large-2026',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const blocks = [
    ...(text.length > 0 ? [{ start: { type: 'text', text: '' }, deltas: text.map((piece) => ({ type: 'text_delta', text: piece })) }] : []),
    ...calls.map((call) => ({
      start: { type: 'tool_use', id: call.id, name: call.name, input: {} },
      deltas: halves(call.arguments).map((half) => ({ type: 'input_json_delta', partial_json: half })),
    })),
  ];
  return [
    event('message_start', { message }),
    event('ping', {}),
    ...blocks.flatMap(({ start, deltas }, index) => [
      event('content_block_start', { index, content_block: start }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]),
    event('message_delta', {
      delta: { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    }),
    event('message_stop', {}),
  ];
}

export interface Wire {
  whole(answer: Answer): object;
  streamed(answer: StreamedAnswer): string[];
  /** How many parts of a stream it takes until a text of two pieces has begun and has not ended. */
  readonly partsSaid: number;
}

/** The answers of each dialect that clients speak. */
export const wires: Readonly<Record<Api, Wire>> = {
  'openai-completions': { whole: chatWhole, streamed: chatStream, partsSaid: 3 },
  'openai-responses': { whole: (answer) => responsesWhole(answer), streamed: (answer) => responsesStream(answer), partsSaid: 5 },
  'anthropic-messages': { whole: anthropicWhole, streamed: anthropicStream, partsSaid: 4 },
};

const responseHead = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_763_700_000,
  status: 'in_progress',
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  model: 'large-2026',
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: true,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  usage: null,
  user: null,
  metadata: {},
};

function responseItems({ text, calls = [] }: Answer): Record<string, unknown>[] {
  const content = [{ type: 'output_text', annotations: [], logprobs: [], text }];
  return [
    ...(text === undefined ? [] : [{ id: 'msg_1', type: 'message', status: 'completed', content, role: 'assistant' }]),
    ...calls.map((call, index) => ({
      ...{ id: `fc_${index}`, type: 'function_call', status: 'completed' },
      ...{ arguments: call.arguments, call_id: call.id, name: call.name },
    })),
  ];
}

export function responsesWhole(answer: Answer, more: object = {}): object {
  const usage = {
    ...{ input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3 },
    ...{ output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 12 },
  };
  return { ...responseHead, status: 'completed', output: responseItems(answer), usage, ...more };
}

export function responsesStream({ text = [], calls = [] }: StreamedAnswer, more: object = {}): string[] {
  let sequence = 0;
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`;
  const answer = { ...(text.length > 0 && { text: text.join('') }), calls };
  const items = responseItems(answer).flatMap((item, output_index) => {
    const at = { item_id: item['id'], output_index };
    if (item['type'] === 'function_call') {
      const call = item as { readonly arguments: string };
      return [
        event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } }),
        ...halves(call.arguments).map((delta) => event('response.function_call_arguments.delta', { ...at, delta })),
        event('response.function_call_arguments.done', { ...at, arguments: call.arguments }),
        event('response.output_item.done', { output_index, item }),
      ];
    }
    const [part] = item['content'] as object[];
    return [
      event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } }),
      event('response.content_part.added', { ...at, content_index: 0, part: { ...part, text: '' } }),
      ...text.map((delta) => event('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] })),
      event('response.output_text.done', { ...at, content_index: 0, text: text.join(''), logprobs: [] }),
      event('response.content_part.done', { ...at, content_index: 0, part }),
      event('response.output_item.done', { output_index, item }),
    ];
  });
  const opening = [
    event('response.created', { response: { ...responseHead, ...more } }),
    event('response.in_progress', { response: { ...responseHead, ...more } }),
  ];
  return renumbered([...opening, ...items, event('response.completed', { response: responsesWhole(answer, more) })]);
}

/** Events are made in another order than they are sent. */
function renumbered(events: readonly string[]): string[] {
  return events.map((event, index) => event.replace(/"sequence_number":\d+/, `"sequence_number":${index}`));
}

function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
