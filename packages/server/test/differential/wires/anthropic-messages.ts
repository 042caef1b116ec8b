/** https://docs.anthropic.com/en/api/messages */
import type { Answer, Counts } from '../conversation.ts';
import { event, finishOf, halves, model, type Wire } from './wire.ts';

const finishes = ['end_turn', 'stop_sequence', 'max_tokens', 'refusal', 'model_context_window_exceeded', 'pause_turn'];

const finish = (answer: Answer): object => {
  const reason = answer.calls.length > 0 ? 'tool_use' : finishOf({ finishes }, answer);
  return { stop_reason: reason, stop_sequence: reason === 'stop_sequence' ? 'END' : null };
};

const counts = ({ uncached, cacheRead, cacheWrite, output, reasoning }: Counts): object => ({
  input_tokens: uncached,
  cache_creation_input_tokens: cacheWrite,
  cache_read_input_tokens: cacheRead,
  output_tokens: output,
  output_tokens_details: { thinking_tokens: reasoning },
});

const head = { id: 'msg_1', type: 'message', role: 'assistant', model };
const signature = 'c2lnbmVk';

interface Block {
  readonly whole: object;
  readonly start: object;
  readonly deltas: readonly object[];
}

function blocksOf({ reasoning, text, calls }: Answer): Block[] {
  const thinking: Block[] =
    reasoning.length === 0
      ? []
      : [
          {
            whole: { type: 'thinking', thinking: reasoning.join(''), signature },
            start: { type: 'thinking', thinking: '', signature: '' },
            deltas: [...reasoning.map((one) => ({ type: 'thinking_delta', thinking: one })), { type: 'signature_delta', signature }],
          },
        ];
  const said: Block[] =
    text.length === 0
      ? []
      : [
          {
            whole: { type: 'text', text: text.join('') },
            start: { type: 'text', text: '' },
            deltas: text.map((one) => ({ type: 'text_delta', text: one })),
          },
        ];
  const made = calls.map(({ id, name, input }) => ({
    whole: { type: 'tool_use', id, name, input },
    start: { type: 'tool_use', id, name, input: {} },
    deltas: ['', ...halves(JSON.stringify(input))].map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
  }));
  return [...thinking, ...said, ...made];
}

export const anthropicMessages: Wire = {
  contentType: 'text/event-stream',
  finishes,
  whole: (answer) => ({ ...head, content: blocksOf(answer).map(({ whole }) => whole), ...finish(answer), usage: counts(answer.usage) }),
  stream(answer) {
    const send = (type: string, fields: object): string => event({ type, ...fields }, type);
    const usage = counts({ ...answer.usage, output: 1, reasoning: 0 });
    return [
      send('message_start', { message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } }),
      send('ping', {}),
      ...blocksOf(answer).flatMap(({ start, deltas }, index) => [
        send('content_block_start', { index, content_block: start }),
        ...deltas.map((delta) => send('content_block_delta', { index, delta })),
        send('content_block_stop', { index }),
      ]),
      [send('message_delta', { delta: finish(answer), usage: counts(answer.usage) }), send('message_stop', {})].join(''),
    ];
  },
  failure: () => event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'error'),
  refusal: () => ({ type: 'error', error: { type: 'invalid_request_error', message: 'No.' } }),
};
