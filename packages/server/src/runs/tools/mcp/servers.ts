/** The servers of MCP that the configuration names: those who are new are started, those who are gone are ended, the others are left alone. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Tool } from '../contract.ts';
import { type McpServer, type McpServerState, startMcpServer } from './server.ts';
import type { McpServerSettings } from './settings.ts';

export interface McpServers {
  /** Also for the first time. A server whose settings have changed is started anew. */
  configure(settings: readonly McpServerSettings[]): Promise<void>;
  tools(): Promise<readonly Tool[]>;
  states(): readonly McpServerState[];
  close(): Promise<void>;
}

export interface McpServersOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What programs get beside their own `env`: PATH, HOME, LANG. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where programs start. */
  readonly directory: string;
  /** See `startProgram`. @default nobody's */
  readonly owner?: string;
}

export function createMcpServers(options: McpServersOptions): McpServers {
  let servers: readonly McpServer[] = [];
  return {
    async configure(settings) {
      const kept = servers.filter((server) => settings.some((each) => isDeepStrictEqual(each, server.settings)));
      const gone = servers.filter((server) => !kept.includes(server));
      servers = settings.map(
        (each) => kept.find((server) => isDeepStrictEqual(each, server.settings)) ?? startMcpServer({ ...options, settings: each }),
      );
      await Promise.all(gone.map((server) => server.close()));
    },
    async tools() {
      return (await Promise.all(servers.map((server) => server.tools()))).flat();
    },
    states: () => servers.map(({ state }) => state),
    async close() {
      const open = servers;
      servers = [];
      await Promise.all(open.map((server) => server.close()));
    },
  };
}
