/**
 * The transport of the SDK to a program of its own: lines of JSON over its input and output.
 *
 * The SDK's own one would leave the program's children alone, hand it more of our environment than it needs, and read whatever comes. Here it is supervised as
 * every program of a tool, and ended if it floods. What it says on its error output goes to the log, a little of it.
 */
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../../../core/clock.ts';
import { parseObject } from '../../../core/json.ts';
import type { Log } from '../../../core/log.ts';
import { type Program, startProgram } from '../processes/supervise.ts';
import { createFloodGate, messageLimitBytes } from './flood-gate.ts';

export interface StdioOptions {
  readonly program: readonly [string, ...string[]];
  readonly variables: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly owner?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A server lives long and may be large; this is against accidents. */
const bounds = { processes: 512, memoryBytes: 4 * 1024 ** 3, fileBytes: 64 * 1024 ** 3, graceMs: 2000, lookMs: 2000 };
/** That it has not read yet. */
const unreadLimitBytes = 16 * 1024 * 1024;
/** Nothing else of what a server tells unasked is of use here. */
const heeded: ReadonlySet<string> = new Set(['notifications/tools/list_changed', 'notifications/progress', 'notifications/cancelled']);

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (failure: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T) => void;
  readonly #options: StdioOptions;
  #program: Program | undefined;
  #isClosed = false;

  constructor(options: StdioOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { program, directory, variables, owner, clock, log } = this.#options;
    const started = await startProgram({ program, directory, variables, takesInput: true, owner, clock, bounds });
    this.#program = started;
    void started.ended.then((end) => {
      if (!end.isClean) log.warn('an MCP server has left processes that could not be ended', { pid: started.pid });
      this.#close();
    });
    this.#read(started);
    logErrors(started, { clock, log });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const input = this.#program?.input;
    if (!input || this.#isClosed) throw new Error('the server has ended');
    if (input.writableLength > unreadLimitBytes) throw new Error('the server does not read what it is sent');
    input.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    // Those who heed the end of their input have ended before they are asked.
    this.#program?.input?.end();
    await this.#program?.stop();
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }

  #read(program: Program): void {
    const gate = createFloodGate(this.#options.clock);
    let pieces: Buffer[] = [];
    let size = 0;
    program.output.on('data', (chunk: Buffer) => {
      let start = 0;
      let messages = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        messages += 1;
        if (gate.pass(0, 1)) this.#take(Buffer.concat(pieces).toString('utf8'));
        pieces = [];
        size = 0;
        start = end + 1;
      }
      const rest = chunk.subarray(start);
      pieces.push(rest);
      size += rest.length;
      if (gate.pass(chunk.length, 0) && size <= messageLimitBytes) return;
      program.output.removeAllListeners('data').resume();
      this.#options.log.warn('an MCP server was ended because it floods', { messages, sizeBytes: size });
      void program.stop();
    });
  }

  #take(line: string): void {
    const message = parseObject(line);
    // Some print other things too; that is not for us.
    if (message?.['jsonrpc'] !== '2.0') return;
    const { method, id } = message;
    if (typeof method === 'string' && id === undefined && !heeded.has(method)) return;
    this.onmessage?.(message as unknown as JSONRPCMessage);
  }
}

const linesPerMinute = 30;
const lineLimitCharacters = 500;

function logErrors(program: Program, { clock, log }: { readonly clock: Clock; readonly log: Log }): void {
  let startMs = clock.monotonicMs();
  let lines = 0;
  program.errors.setEncoding('utf8');
  program.errors.on('data', (text: string) => {
    if (clock.monotonicMs() - startMs > 60_000) {
      if (lines > linesPerMinute) log.info('an MCP server said more than is written here', { lines: lines - linesPerMinute });
      startMs = clock.monotonicMs();
      lines = 0;
    }
    for (const line of text.split('\n', linesPerMinute + 1)) {
      if (line.trim() === '') continue;
      lines += 1;
      if (lines <= linesPerMinute) log.info('an MCP server says', { text: line.slice(0, lineLimitCharacters) });
    }
  });
}
