/** The same answers in either dialect and either form, so that a case is told once for all of its cells. */
import type { Cell } from './cases.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';

const isOpenai = (cell: Cell): boolean => cell.out === 'openai-completions';

/** A text, in these pieces. */
export function textAnswer(
  cell: Cell,
  pieces: readonly string[],
  finish: { openai: string; anthropic: string } = { openai: 'stop', anthropic: 'end_turn' },
): string {
  const text = pieces.join('');
  if (isOpenai(cell))
    return cell.streaming === 'stream' ? openai.textStream(pieces, finish.openai) : openai.whole({ content: text }, finish.openai);
  return cell.streaming === 'stream'
    ? anthropic.textStream(pieces, finish.anthropic)
    : anthropic.whole([{ type: 'text', text, citations: null }], finish.anthropic);
}

/** A text and then one call, whose arguments are exactly these. */
export function callAnswer(
  cell: Cell,
  json: string,
  finish: { openai: string; anthropic: string } = { openai: 'tool_calls', anthropic: 'tool_use' },
): string {
  if (isOpenai(cell)) {
    const call = openai.wholeCall('call_1', 'get_weather', json);
    if (cell.streaming === 'whole') return openai.whole({ content: 'Let me look.', tool_calls: [call] }, finish.openai);
    const pieces = json === '' ? '' : openai.toolArguments(0, json.slice(0, 4)) + openai.toolArguments(0, json.slice(4));
    return (
      openai.opening +
      openai.chunk({ content: 'Let me look.' }) +
      openai.toolStart(0, 'call_1', 'get_weather') +
      pieces +
      openai.ending(finish.openai)
    );
  }
  if (cell.streaming === 'stream') {
    const call = anthropic.toolBlock(1, {
      id: 'call_1',
      name: 'get_weather',
      pieces: json === '' ? [] : [json.slice(0, 4), json.slice(4)],
    });
    return anthropic.messageStart + anthropic.textBlock(0, ['Let me look.']) + call + anthropic.ending(finish.anthropic);
  }
  const input = json === '' ? {} : parseOr(json);
  return anthropic.whole(
    [
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'call_1', name: 'get_weather', input },
    ],
    finish.anthropic,
  );
}

function parseOr(json: string): string | Record<string, never> {
  try {
    return JSON.parse(json) as Record<string, never>;
  } catch {
    return json;
  }
}

/** The opening of a stream with some text, and nothing after it. */
export function unfinishedText(cell: Cell, text: string): string {
  if (isOpenai(cell)) return openai.opening + openai.chunk({ content: text });
  return (
    anthropic.messageStart + anthropic.blockStart(0, { type: 'text', text: '' }) + anthropic.blockDelta(0, { type: 'text_delta', text })
  );
}

/** An error within an answer that began with 200. */
export function errorWithin(cell: Cell): string {
  if (cell.streaming === 'whole') return isOpenai(cell) ? openai.wholeError : anthropic.wholeError;
  return isOpenai(cell) ? openai.streamError : anthropic.streamError;
}

export function refusedRequest(cell: Cell): string {
  return isOpenai(cell) ? openai.refusedRequest : anthropic.refusedRequest;
}

/** The start of an answer that says nothing yet. */
export function silentStart(cell: Cell): string {
  return isOpenai(cell) ? openai.opening : anthropic.messageStart + anthropic.ping;
}

export const toolFields = {
  'openai-completions': {
    tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }],
  },
  'anthropic-messages': { tools: [{ name: 'get_weather', input_schema: { type: 'object', properties: {} } }] },
};
