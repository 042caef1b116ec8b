/** How a server of MCP is reached. Types only. */
import type { Effect } from '@openclaw/protocol';

export interface McpServerSettings {
  /** Becomes the first part of its tools' names. */
  readonly name: string;
  /** A program that speaks over its input and output; or `url`. */
  readonly command?: string;
  readonly args?: readonly string[];
  /** All that it gets beside PATH, HOME and LANG. */
  readonly env?: Readonly<Record<string, string>>;
  /** A server that is there already, over streamable HTTP; or `command`. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What may happen if a tool is called twice, by the server's own names. Overrides what the server says of itself. */
  readonly effects?: Readonly<Record<string, Effect>>;
  /** Of one call. @default 60000 */
  readonly timeoutMs?: number;
}

export const mcpDefaults = { timeoutMs: 60_000 } as const;
