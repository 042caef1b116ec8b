/** Frames of AWS's event stream for tests, written by AWS's own codec. Constructed after the documented format of ConverseStream. */
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { JsonObject } from '../../../core/json.ts';
import type { ModelEvent } from '../events.ts';
import { decodeResponse } from './decode-response.ts';
import { createEventStreamParser } from './event-stream.ts';

export const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

export function frame(headers: Readonly<Record<string, string>>, body: Uint8Array | string): Buffer {
  const typed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]));
  return Buffer.from(codec.encode({ headers: typed, body: typeof body === 'string' ? Buffer.from(body) : body }));
}

/** As Bedrock sends them, with the padding `p` that hides how long a text is. */
export function eventFrame(name: string, payload: JsonObject): Buffer {
  const headers = { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' };
  return frame(headers, JSON.stringify({ ...payload, p: 'abcdefghijk' }));
}

export function exceptionFrame(name: string, payload: JsonObject): Buffer {
  const headers = { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' };
  return frame(headers, JSON.stringify(payload));
}

export type Row = readonly [name: string, payload: JsonObject];

export function streamOf(rows: readonly Row[]): Buffer {
  return Buffer.concat(rows.map(([name, payload]) => eventFrame(name, payload)));
}

/** What a stream says, cut into chunks of `size` bytes. */
export function decodeStream(bytes: Buffer, size = bytes.length || 1): ModelEvent[] {
  const parser = createEventStreamParser({ codec, provider: 'acme' });
  const decoder = decodeResponse('acme');
  const events: ModelEvent[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    for (const one of parser.push(bytes.subarray(start, start + size))) events.push(...decoder.event(one));
  }
  return [...events, ...decoder.end()];
}

export const usage: JsonObject = { inputTokens: 7, outputTokens: 5, totalTokens: 112, cacheReadInputTokens: 90, cacheWriteInputTokens: 10 };
export const metadata: Row = ['metadata', { usage, metrics: { latencyMs: 300 } }];

/** Thinking, a text and two calls at once, as Claude answers by ConverseStream. */
export const answer: readonly Row[] = [
  ['messageStart', { role: 'assistant' }],
  ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Two ' } } }],
  ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'doors.' } } }],
  ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'c2lnbmVk' } } }],
  ['contentBlockStop', { contentBlockIndex: 0 }],
  ['contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Looking at ' } }],
  ['contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'both… 世界' } }],
  ['contentBlockStop', { contentBlockIndex: 1 }],
  ['contentBlockStart', { contentBlockIndex: 2, start: { toolUse: { toolUseId: 'tooluse_a', name: 'look' } } }],
  ['contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '' } } }],
  ['contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"at":' } } }],
  ['contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '"left"}' } } }],
  ['contentBlockStop', { contentBlockIndex: 2 }],
  ['contentBlockStart', { contentBlockIndex: 3, start: { toolUse: { toolUseId: 'tooluse_b', name: 'look' } } }],
  ['contentBlockDelta', { contentBlockIndex: 3, delta: { toolUse: { input: '{"at":"right"}' } } }],
  ['contentBlockStop', { contentBlockIndex: 3 }],
  ['messageStop', { stopReason: 'tool_use' }],
  metadata,
];

/** The same answer by Converse. */
export const wholeAnswer: JsonObject = {
  output: {
    message: {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'Two doors.', signature: 'c2lnbmVk' } } },
        { text: 'Looking at both… 世界' },
        { toolUse: { toolUseId: 'tooluse_a', name: 'look', input: { at: 'left' } } },
        { toolUse: { toolUseId: 'tooluse_b', name: 'look', input: { at: 'right' } } },
      ],
    },
  },
  stopReason: 'tool_use',
  usage,
  metrics: { latencyMs: 300 },
};
