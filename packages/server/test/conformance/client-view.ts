/**
 * What a client makes of an answer, read by rules of its own and not by the gateway's code: text, tool calls, why it ended,
 * usage. Throws where the bytes break the rules of the client's dialect.
 */
import assert from 'node:assert/strict';
import type { ClientDialectName } from '../../src/models/dialects/dialect.ts';
import type { Cell } from './cells.ts';
import type { Exchange } from './exchange.ts';

/* eslint-disable-next-line typescript/no-explicit-any -- a test reads JSON of any shape, and asserts what it finds */
export type Json = any;

export interface ClientView {
  text: string;
  thinking: string;
  calls: { id: string; name: string; arguments: string }[];
  finish: string | undefined;
  usage: Json;
  /** The error that ended the stream, where one did. */
  error: Json;
}

export interface StreamEvent {
  readonly name: string | undefined;
  /** `[DONE]`, or the parsed JSON. */
  readonly data: Json;
}

/** Splits a stream by blank lines; the gateway itself writes no other line ends than the provider did. */
export function eventsOf(text: string): StreamEvent[] {
  const blocks = text
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n\n');
  assert.equal(blocks.pop()?.trim(), '', 'the stream ends with a whole event');
  return blocks.flatMap((block) => {
    const lines = block.split('\n');
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
    if (data.length === 0) return [];
    const name = lines
      .find((line) => line.startsWith('event:'))
      ?.slice(6)
      .trim();
    const joined = data.join('\n');
    return [{ name, data: joined === '[DONE]' ? joined : JSON.parse(joined) }];
  });
}

export function viewOf(cell: Pick<Cell, 'in' | 'streaming'>, { status, text }: Exchange): ClientView {
  assert.equal(status, 200, text);
  if (cell.streaming === 'whole') return viewOfWhole(cell.in, JSON.parse(text));
  return viewers[cell.in](eventsOf(text));
}

const viewers: Readonly<Record<ClientDialectName, (events: readonly StreamEvent[]) => ClientView>> = {
  'openai-completions': viewOfChunks,
  'openai-responses': viewOfResponse,
  'anthropic-messages': viewOfMessages,
};

function emptyView(): ClientView {
  return { text: '', thinking: '', calls: [], finish: undefined, usage: undefined, error: undefined };
}

function viewOfChunks(events: readonly StreamEvent[]): ClientView {
  const view = emptyView();
  let ended = false;
  for (const { data } of events) {
    assert.ok(!ended, 'nothing comes after the end');
    if (data === '[DONE]' || data.error) {
      ended = true;
      view.error = data.error;
      continue;
    }
    assert.equal(data.object, 'chat.completion.chunk');
    if (data.usage) view.usage = data.usage;
    for (const { delta, finish_reason: reason } of data.choices) {
      view.text += delta.content ?? '';
      view.thinking += delta.reasoning_content ?? '';
      for (const call of delta.tool_calls ?? []) addCall(view, call);
      if (reason) {
        assert.equal(view.finish, undefined, 'one finish_reason');
        view.finish = reason;
      }
    }
  }
  assert.ok(ended, 'the stream says that it is over');
  return view;
}

function addCall(view: ClientView, call: Json): void {
  if (call.id) {
    assert.equal(call.index, view.calls.length, 'tool indexes count the calls');
    view.calls.push({ id: call.id, name: call.function.name, arguments: call.function.arguments ?? '' });
    return;
  }
  const known = view.calls[call.index];
  assert.ok(known, 'arguments belong to a call that has started');
  known.arguments += call.function.arguments ?? '';
}

function viewOfMessages(events: readonly StreamEvent[]): ClientView {
  const view = emptyView();
  const blocks: Json[] = [];
  let open: number | undefined;
  let ended = false;
  for (const [position, { name, data }] of events.entries()) {
    assert.ok(!ended, 'nothing comes after the end');
    assert.equal(name, data.type, 'the event is named as its type');
    if (data.type === 'error') {
      ended = true;
      view.error = data.error;
    } else if (data.type === 'message_start') {
      assert.equal(position, 0, 'one message_start, and it is the first');
      view.usage = { ...data.message.usage };
    } else if (data.type === 'content_block_start') {
      assert.equal(open, undefined, 'one block is open at a time');
      assert.equal(data.index, blocks.length, 'indexes count the blocks');
      open = data.index;
      blocks.push({ ...data.content_block, json: '' });
    } else if (data.type === 'content_block_delta') {
      assert.equal(data.index, open, 'a delta belongs to the open block');
      addDelta(blocks[data.index], data.delta);
    } else if (data.type === 'content_block_stop') {
      assert.equal(data.index, open, 'what stops is open');
      open = undefined;
    } else if (data.type === 'message_delta') {
      assert.equal(open, undefined, 'every block has stopped');
      view.finish = data.delta.stop_reason;
      Object.assign(view.usage, Object.fromEntries(Object.entries(data.usage).filter(([, count]) => count !== null)));
    } else if (data.type === 'message_stop') ended = true;
    else assert.equal(data.type, 'ping');
  }
  assert.ok(ended, 'the stream says that it is over');
  readBlocks(view, blocks);
  return view;
}

/** The events of a response say everything piece by piece, and its last event says it once more. */
function viewOfResponse(events: readonly StreamEvent[]): ClientView {
  const items: Json[] = [];
  let last: Json;
  for (const [position, { name, data }] of events.entries()) {
    assert.equal(last, undefined, 'nothing comes after the end');
    assert.equal(name, data.type, 'the event is named as its type');
    assert.equal(data.sequence_number, position, 'the events are numbered');
    if (position === 0) assert.equal(data.type, 'response.created');
    if (/^response\.(completed|incomplete|failed)$/.test(data.type)) last = data.response;
    else readResponseEvent(items, data);
  }
  assert.ok(last, 'the stream says that it is over');
  const view = viewOfItems(items);
  if (last.status === 'failed') return { ...view, error: last.error };
  assert.deepEqual(
    items.map(({ type, id }) => [type, id]),
    last.output.map(({ type, id }: Json) => [type, id]),
    'the response holds the items that were streamed',
  );
  const { text, thinking, calls } = viewOfItems(last.output);
  assert.deepEqual({ text, thinking, calls }, { text: view.text, thinking: view.thinking, calls: view.calls });
  return { ...view, finish: finishOf(last), usage: last.usage };
}

function readResponseEvent(items: Json[], data: Json): void {
  const item = items[data.output_index];
  switch (data.type) {
    case 'response.output_item.added':
      assert.equal(data.output_index, items.length, 'indexes count the items');
      items.push({ ...data.item, streamed: {} });
      return;
    case 'response.output_text.delta':
    case 'response.reasoning_summary_text.delta':
    case 'response.function_call_arguments.delta':
      assert.equal(item.id, data.item_id, 'a delta belongs to an item that has begun');
      item.streamed[partOf(data)] = (item.streamed[partOf(data)] ?? '') + data.delta;
      return;
    case 'response.output_text.done':
    case 'response.reasoning_summary_text.done':
      assert.equal(data.text, item.streamed[partOf(data)] ?? '');
      return;
    case 'response.function_call_arguments.done':
      assert.equal(data.arguments, item.streamed[partOf(data)] ?? '');
      return;
    case 'response.output_item.done':
      items[data.output_index] = data.item;
      return;
    default:
  }
}

/** An item says each of its parts by itself. */
function partOf({ content_index: content, summary_index: summary }: Json): string {
  return String(content ?? summary ?? 'call');
}

function streamedText({ streamed = {} }: Json): string {
  return Object.values(streamed).join('');
}

function viewOfItems(items: readonly Json[]): ClientView {
  const view = emptyView();
  for (const item of items) {
    if (item.type === 'message') view.text += item.content.map((part: Json) => part.text ?? '').join('') || streamedText(item);
    else if (item.type === 'reasoning') view.thinking += item.summary.map((part: Json) => part.text).join('') || streamedText(item);
    else if (item.type === 'function_call')
      view.calls.push({ id: item.call_id, name: item.name, arguments: item.arguments || streamedText(item) });
  }
  return view;
}

function finishOf(response: Json): string {
  return response.status === 'incomplete' ? response.incomplete_details.reason : response.status;
}

function addDelta(block: Json, delta: Json): void {
  if (delta.type === 'text_delta') block.text += delta.text;
  else if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
  else if (delta.type === 'input_json_delta') block.json += delta.partial_json;
}

function readBlocks(view: ClientView, blocks: readonly Json[]): void {
  for (const block of blocks) {
    if (block.type === 'text') view.text += block.text;
    else if (block.type === 'thinking') view.thinking += block.thinking;
    else if (block.type === 'tool_use')
      view.calls.push({ id: block.id, name: block.name, arguments: block.json || inputText(block.input) });
  }
}

function inputText(input: unknown): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function viewOfWhole(dialect: ClientDialectName, body: Json): ClientView {
  const view = { ...emptyView(), usage: body.usage };
  if (dialect === 'anthropic-messages') {
    assert.equal(body.type, 'message');
    readBlocks(view, body.content);
    return { ...view, finish: body.stop_reason };
  }
  if (dialect === 'openai-responses') {
    assert.equal(body.object, 'response');
    return { ...viewOfItems(body.output), usage: body.usage, finish: finishOf(body) };
  }
  assert.equal(body.object, 'chat.completion');
  const [choice] = body.choices;
  const calls = (choice.message.tool_calls ?? []).map((call: Json) => ({ id: call.id, ...call.function }));
  return {
    ...view,
    text: choice.message.content ?? '',
    thinking: choice.message.reasoning_content ?? '',
    calls,
    finish: choice.finish_reason,
  };
}

/** The error that the client sees, wherever it stands: in the body, or as the last event of a stream. */
export function errorOf(cell: Cell, { status, text }: Exchange): Json {
  if (status !== 200) return JSON.parse(text).error;
  const events = eventsOf(text);
  const last = events.at(-1);
  if (cell.in === 'anthropic-messages') assert.equal(last?.name, 'error', 'the last event is an error');
  if (cell.in === 'openai-responses') {
    assert.ok(last?.name === 'response.failed' || last?.name === 'error', 'the last event is a failure');
    return last.data.response?.error ?? last.data.error ?? last.data;
  }
  assert.ok(last?.data.error, 'the last event is an error');
  return last.data.error;
}
