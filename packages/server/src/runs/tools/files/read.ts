/** The tool `read`: lines of a text file, as many as fit. It shows no directories, and says of binary files only what they are. */
import type { JsonObject } from '../../../core/json.ts';
import { outputLimitCharacters, type Tool, type ToolCall } from '../contract.ts';
import { answering } from '../fault.ts';
import { namesOf, openFile } from './confined.ts';
import { openPlace } from './text-file.ts';
import type { FileHandle } from 'node:fs/promises';

const lineLimit = 2000;
/** A line that is longer is data, not text; the model may search in it. */
const lineLimitCharacters = 4000;
/** Of the text itself, so that the words about it fit too. */
const textLimitCharacters = outputLimitCharacters - 500;

export function createReadTool(): Tool {
  return {
    name: 'read',
    description:
      `Reads a text file of the workspace. Gives at most ${lineLimit} lines and ${textLimitCharacters} characters, and says how to go on if there is more. ` +
      'A path is relative to the workspace.',
    parameters: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'The file, such as src/index.ts' },
        from: { type: 'integer', minimum: 1, description: 'The first line, counted from 1. Default 1.' },
        lines: { type: 'integer', minimum: 1, maximum: lineLimit, description: `How many lines. Default ${lineLimit}.` },
      },
      required: ['path'],
      additionalProperties: false,
    },
    effect: 'read',
    run: (call) => answering(call.signal, () => read(call)),
  };
}

async function read({ workspace, arguments: args, signal }: ToolCall): Promise<string> {
  await using place = await openPlace(workspace, namesOf(workspace, String(args['path'])));
  await using handle = await openFile(place.directory, place.name, place.shown);
  const { from, count } = rangeOf(args);
  const page = createPage(from, count);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let isFirst = true;
  for await (const chunk of chunksOf(handle, signal)) {
    if (isFirst && chunk.includes(0)) return `${place.shown} is a binary file of ${(await handle.stat()).size} bytes.`;
    isFirst = false;
    page.add(decoder.decode(chunk, { stream: true }));
    if (page.isFull) break;
  }
  if (!page.isFull) page.end(decoder.decode());
  return page.toString(place.shown);
}

function rangeOf(args: JsonObject): { readonly from: number; readonly count: number } {
  const { from, lines } = args;
  return { from: typeof from === 'number' ? from : 1, count: typeof lines === 'number' ? lines : lineLimit };
}

async function* chunksOf(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

interface Page {
  add(text: string): void;
  end(rest: string): void;
  /** Nothing that comes will be shown. */
  readonly isFull: boolean;
  toString(shown: string): string;
}

/** Takes a text in pieces and keeps the lines that are wanted. */
function createPage(from: number, count: number): Page {
  const kept: string[] = [];
  let size = 0;
  let lineNumber = 1;
  let line = '';
  let isFull = false;

  const finishLine = (): void => {
    if (lineNumber >= from) {
      const shown = line.length > lineLimitCharacters ? `${line.slice(0, lineLimitCharacters).toWellFormed()}[… the line goes on]` : line;
      if (kept.length === count || size + shown.length + 1 > textLimitCharacters) {
        isFull = true;
        return;
      }
      kept.push(shown);
      size += shown.length + 1;
    }
    lineNumber += 1;
    line = '';
  };
  const extend = (piece: string): void => {
    if (line.length <= lineLimitCharacters) line += piece.slice(0, lineLimitCharacters + 1);
  };

  return {
    add(text) {
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1 && !isFull; end = text.indexOf('\n', start)) {
        extend(text.slice(start, end));
        finishLine();
        start = end + 1;
      }
      extend(text.slice(start));
    },
    end(rest) {
      this.add(rest);
      if (line !== '' && !isFull) finishLine();
    },
    get isFull() {
      return isFull;
    },
    toString(shown) {
      const text = kept.join('\n');
      const next = from + kept.length;
      if (isFull) return `${text}\n[lines ${from} to ${next - 1} of ${shown}; there is more: go on with from: ${next}]`;
      if (kept.length > 0) return text;
      return lineNumber === 1 ? `${shown} is empty.` : `${shown} has only ${lineNumber - 1} lines.`;
    },
  };
}
