/** Answers as providers write them, in both dialects: whole bodies and stream parts with the field order of the real APIs. */

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

function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
