/** The same answers in every dialect and either form, so that a case is told once for all of its cells. */
import type { DialectName } from '../../src/models/dialects/dialect.ts';
import type { Cell } from './cells.ts';
import { wire as anthropic } from './fixtures/anthropic-messages.ts';
import { wire as bedrock } from './fixtures/bedrock-converse-stream.ts';
import { wire as gemini } from './fixtures/google-generative-ai.ts';
import { wire as ollama } from './fixtures/ollama.ts';
import { wire as openai } from './fixtures/openai-completions.ts';
import { wire as responses } from './fixtures/openai-responses.ts';
import type { Ending, ProviderWire, StreamedAnswer, Told, ToldPart } from './fixtures/wire.ts';

export const wires: Readonly<Record<DialectName, ProviderWire>> = {
  'openai-completions': openai,
  'openai-responses': responses,
  'anthropic-messages': anthropic,
  'google-generative-ai': gemini,
  'bedrock-converse-stream': bedrock,
  ollama,
};

/** An answer in the form that the cell wants. */
export function answerOf(cell: Cell, parts: readonly ToldPart[], ending: Ending = 'stop'): Buffer {
  return answerTold(cell, { parts, ending });
}

export function answerTold({ out, streaming }: Pick<Cell, 'out' | 'streaming'>, told: Told): Buffer {
  return streaming === 'whole' ? bytesOf(wires[out].whole(told)) : Buffer.concat(framesOf(wires[out].stream(told)));
}

export function bytesOf(body: object): Buffer {
  return Buffer.from(JSON.stringify(body, null, 2));
}

/** Every event of a stream, in its order. */
export function framesOf({ beginning, parts, ending }: StreamedAnswer): Buffer[] {
  return [...beginning, ...parts.flatMap(({ said, closed }) => [...said, ...closed]), ...ending];
}

/** A text, in these pieces. */
export function textAnswer(cell: Cell, pieces: readonly string[], ending: Ending = 'stop'): Buffer {
  return answerOf(cell, [{ text: pieces }], ending);
}

/** A call of the weather, whose arguments are exactly these. */
export function callOf(json: string, id = 'call_1'): ToldPart {
  return { call: { id, name: 'get_weather', pieces: json === '' ? [] : [json.slice(0, 4), json.slice(4)] } };
}

/** A text and then one call. */
export function callAnswer(cell: Cell, json: string, ending: Ending = 'calls'): Buffer {
  return answerOf(cell, [{ text: ['Let me look.'] }, callOf(json)], ending);
}

/** The opening of a stream with these parts, the last of which is not closed, and nothing after it. */
export function unfinished(cell: Cell, parts: readonly ToldPart[]): Buffer {
  const { beginning, parts: written } = wires[cell.out].stream({ parts, ending: 'stop' });
  const all = written.flatMap(({ said, closed }, index) => (index === written.length - 1 ? said : [...said, ...closed]));
  return Buffer.concat([...beginning, ...all]);
}

export function unfinishedText(cell: Cell, text: string): Buffer {
  return unfinished(cell, [{ text: [text] }]);
}

/** An error within an answer that began with 200. */
export function errorWithin(cell: Cell): Buffer {
  const { streamError, wholeError } = wires[cell.out];
  return cell.streaming === 'stream' ? streamError : bytesOf(wholeError);
}

export function refusedRequest(cell: Cell): Buffer {
  return bytesOf(wires[cell.out].refusal);
}

/** The start of an answer that says nothing yet. */
export function silentStart(cell: Cell): Buffer {
  return Buffer.concat(wires[cell.out].stream({ parts: [], ending: 'stop' }).beginning);
}

/** Why an answer ended, as each client is told it. */
export const clientWords: Readonly<Record<Cell['in'], Readonly<Record<Ending, string>>>> = {
  'openai-completions': {
    stop: 'stop',
    length: 'length',
    calls: 'tool_calls',
    filtered: 'content_filter',
    contextWindow: 'length',
    pause: 'pause_turn',
    unknown: 'moon_phase',
  },
  'openai-responses': {
    stop: 'completed',
    length: 'max_output_tokens',
    calls: 'completed',
    filtered: 'content_filter',
    contextWindow: 'max_output_tokens',
    pause: 'pause_turn',
    unknown: 'moon_phase',
  },
  'anthropic-messages': {
    stop: 'end_turn',
    length: 'max_tokens',
    calls: 'tool_use',
    filtered: 'refusal',
    contextWindow: 'model_context_window_exceeded',
    pause: 'pause_turn',
    unknown: 'moon_phase',
  },
};
