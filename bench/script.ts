/**
 * What the load generator asks and the mock upstream answers, known to both so that the generator can check every byte.
 *
 * The wish travels in the prompt (`[bench delay=20 deltas=64 pace=20 seed=7]`), so that it passes through any gateway unchanged.
 */

export interface Wish {
  /** How long the mock waits before its first byte. */
  readonly delayMs: number;
  /** Text deltas of a streamed answer; 0 asks for one whole answer. */
  readonly deltas: number;
  /** Time between two deltas; 0 sends them all at once. */
  readonly paceMs: number;
  /** Makes one stream's text differ from all others', so that mixed-up streams are seen. */
  readonly seed: number;
}

export const plainWish: Wish = { delayMs: 0, deltas: 0, paceMs: 0, seed: 0 };

const pattern = /\[bench delay=(\d+) deltas=(\d+) pace=(\d+) seed=(\d+)\]/;

/** Found at the end of every whole answer. */
export const answerEnd = 'end of the mock answer';

const answerText = `${'The quick brown fox jumps over the lazy dog. '.repeat(14)}${answerEnd}`;

/** A prompt of about 200 bytes. */
function promptOf(wish: Wish): string {
  const directive = `[bench delay=${wish.delayMs} deltas=${wish.deltas} pace=${wish.paceMs} seed=${wish.seed}]`;
  return `${directive} ${'Say something about foxes and dogs. '.repeat(6)}`.slice(0, 200);
}

export function requestBody(model: string, wish: Wish): string {
  const messages = [{ role: 'user', content: promptOf(wish) }];
  return JSON.stringify(wish.deltas > 0 ? { model, messages, stream: true } : { model, messages });
}

export function readWish(body: string): Wish {
  const found = pattern.exec(body);
  if (found === null) return plainWish;
  return { delayMs: Number(found[1]), deltas: Number(found[2]), paceMs: Number(found[3]), seed: Number(found[4]) };
}

export function deltaText(seed: number, index: number): string {
  return `s${seed}d${index} `;
}

/** The whole answer in OpenAI's form: about 1 KB. */
export const openaiAnswer = JSON.stringify({
  id: 'chatcmpl-mock',
  object: 'chat.completion',
  created: 1_767_225_600,
  model: 'mock-model',
  choices: [{ index: 0, message: { role: 'assistant', content: answerText, refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 50, completion_tokens: 150, total_tokens: 200, prompt_tokens_details: { cached_tokens: 0 } },
  service_tier: 'default',
  system_fingerprint: 'fp_mock',
});

/** The same in Anthropic's form. */
export const anthropicAnswer = JSON.stringify({
  id: 'msg_mock',
  type: 'message',
  role: 'assistant',
  model: 'mock-model',
  content: [{ type: 'text', text: answerText }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 50, output_tokens: 150, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
});

/** The events of a streamed answer in OpenAI's form: `before`, then one event a delta, then `after`. */
export const openaiStream = {
  before: openaiEvent('{"role":"assistant","content":""}', 'null'),
  delta: (text: string) => openaiEvent(`{"content":"${text}"}`, 'null'),
  after: `${openaiEvent('{}', '"stop"')}data: [DONE]\n\n`,
};

export const anthropicStream = {
  before:
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_mock","type":"message","role":"assistant","model":"mock-model",' +
    '"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":50,"output_tokens":1}}}\n\n' +
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  delta: (text: string) =>
    `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n`,
  after:
    'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":64}}\n\n' +
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
};

function openaiEvent(delta: string, finishReason: string): string {
  return (
    'data: {"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1767225600,"model":"mock-model",' +
    `"choices":[{"index":0,"delta":${delta},"finish_reason":${finishReason}}]}\n\n`
  );
}
