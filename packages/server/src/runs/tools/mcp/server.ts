/**
 * A server of MCP as the rest sees it: there or not, with the tools that it has now. It is connected to at once, and again with growing pauses whenever it has ended;
 * who calls a tool meanwhile is told so and does not wait.
 */
import { type Clock, sleep, type Timer } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import type { Tool, ToolCall, ToolResult } from '../contract.ts';
import { connect, type ConnectionOptions, isBroken, type McpConnection, outcomeOf } from './connection.ts';
import { type McpTool, readAnswer, readDefinitions } from './definitions.ts';
import type { McpServerSettings } from './settings.ts';

export interface McpServerState {
  readonly name: string;
  readonly state: 'connecting' | 'ready' | 'down' | 'closed';
  readonly tools: number;
  /** Of the last failure; null if it has not failed since it was ready. */
  readonly reason: string | null;
}

export interface McpServer {
  readonly settings: McpServerSettings;
  readonly state: McpServerState;
  /** As they are now; while the first connection is made, waits for it, though not for long. */
  tools(): Promise<readonly Tool[]>;
  close(): Promise<void>;
}

export interface McpServerOptions extends Omit<ConnectionOptions, 'onListChanged'> {
  readonly clock: Clock;
  readonly log: Log;
}

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** Whoever has lived so long begins anew with the shortest pause. */
const steadyMs = 60_000;
/** A list of tools is not held up longer by a server that only starts. */
const patienceMs = 15_000;
/** Between two looks at a list that changes all the time. */
const relistMs = 1000;

export function startMcpServer(options: McpServerOptions): McpServer {
  return new ConnectedServer(options);
}

class ConnectedServer implements McpServer {
  readonly settings: McpServerSettings;
  readonly #options: McpServerOptions;
  readonly #closing = new AbortController();
  readonly #firstTry = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #connection: McpConnection | undefined;
  #tools: readonly Tool[] = [];
  #reason: string | null = null;
  #isConnecting = true;
  #relist: Timer | undefined;

  constructor(options: McpServerOptions) {
    this.settings = options.settings;
    this.#options = { ...options, log: options.log.child({ mcpServer: options.settings.name }) };
    this.#running = this.#run();
  }

  get state(): McpServerState {
    const state = this.#closing.signal.aborted ? 'closed' : this.#connection ? 'ready' : this.#isConnecting ? 'connecting' : 'down';
    return { name: this.settings.name, state, tools: this.#tools.length, reason: this.#reason };
  }

  async tools(): Promise<readonly Tool[]> {
    await Promise.race([this.#firstTry.promise, sleep(this.#options.clock, patienceMs, this.#closing.signal).catch(() => undefined)]);
    return this.#tools;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#relist?.cancel();
    await this.#connection?.close();
    await this.#running;
  }

  /** Connects, stays until the end, waits, and begins anew. Never rejects. */
  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      try {
        await this.#connectOnce();
        this.#reason = 'it has ended';
      } catch (thrown) {
        this.#reason = reasonOf(thrown);
      }
      this.#connection = undefined;
      this.#isConnecting = false;
      this.#firstTry.resolve();
      if (signal.aborted) return;
      if (clock.monotonicMs() - startedMs > steadyMs) pauseMs = firstPauseMs;
      log.warn('an MCP server is not there, and is tried again', { reason: this.#reason, pauseMs });
      await sleep(clock, pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      this.#isConnecting = true;
    }
  }

  async #connectOnce(): Promise<void> {
    const connection = await connect({ ...this.#options, onListChanged: () => this.#listSoon() });
    if (this.#closing.signal.aborted) return connection.close();
    try {
      await this.#list(connection);
      this.#connection = connection;
      this.#reason = null;
      this.#firstTry.resolve();
      this.#options.log.info('an MCP server is connected', { tools: this.#tools.length });
      await connection.closed;
    } finally {
      await connection.close();
    }
  }

  async #list(connection: McpConnection): Promise<void> {
    const { tools, refused } = readDefinitions(await connection.listTools(), this.settings);
    if (refused.length > 0) this.#options.log.warn('tools of an MCP server were left out', { refused });
    this.#tools = tools.map((tool) => this.#toolOf(tool));
  }

  #listSoon(): void {
    this.#relist ??= this.#options.clock.after(relistMs, () => {
      this.#relist = undefined;
      const connection = this.#connection;
      if (!connection) return;
      this.#list(connection).catch((thrown: unknown) => {
        this.#options.log.warn('the tools of an MCP server could not be listed again', { reason: reasonOf(thrown) });
      });
    });
  }

  #toolOf(tool: McpTool): Tool {
    const { name, description, parameters, effect } = tool;
    return {
      name,
      description,
      parameters,
      effect,
      caution: `It is a tool of the MCP server ${this.settings.name}.`,
      run: (call) => this.#call(tool, call),
    };
  }

  async #call(tool: McpTool, call: ToolCall): Promise<ToolResult> {
    const connection = this.#connection;
    if (!connection) {
      const reason = this.#reason === null ? '' : `: ${this.#reason}`;
      return {
        isError: true,
        text: `The MCP server ${this.settings.name} is not there${reason}. It is tried again by itself; the tool was not called.`,
      };
    }
    try {
      const asked = connection.call({ ...call, tool: tool.ownName });
      // A transport that hangs while it sends would hold the call up beyond its signal.
      return readAnswer(await untilAborted(asked, call.signal));
    } catch (thrown) {
      return this.#failed({ tool, call, connection, thrown });
    }
  }

  #failed({ tool, call, connection, thrown }: { tool: McpTool; call: ToolCall; connection: McpConnection; thrown: unknown }): ToolResult {
    if (call.signal.aborted) {
      return { isError: true, text: 'The call was stopped; whether it was done is not known.', ...unknownIf(tool.effect === 'once') };
    }
    // Its end is noticed above, and it is connected to anew.
    if (isBroken(thrown) && this.#connection === connection) void connection.close();
    const outcome = outcomeOf(thrown);
    const isUnknown = outcome === 'unknown' && tool.effect === 'once';
    const words = outcome === 'notSent' ? ' The tool was not called.' : isUnknown ? ' Whether it was done is not known.' : '';
    return { isError: true, text: `The MCP server ${this.settings.name} says: ${reasonOf(thrown)}.${words}`, ...unknownIf(isUnknown) };
  }
}

function unknownIf(isUnknown: boolean): Pick<ToolResult, 'isOutcomeUnknown'> {
  return isUnknown ? { isOutcomeUnknown: true } : {};
}
