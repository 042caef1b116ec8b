/**
 * The tools of every agent as they are now: those that come with OpenClaw, those of others, and those of MCP servers.
 *
 * What an agent may do with a tool is the configuration's to say; a tool that is denied is not even told of.
 */
import type { Log } from '../../core/log.ts';
import type { Tool, Toolbox, ToolPolicy } from './contract.ts';
import type { McpServers } from './mcp/servers.ts';

export interface ToolboxOptions {
  /** By name, also of tools that come later. */
  readonly policyOf: (agentId: string, toolName: string) => ToolPolicy;
  /** Found once; a promise, because looking for a sandbox takes its time. */
  readonly tools: readonly Tool[] | Promise<readonly Tool[]>;
  /** Those that only this agent has. @default none */
  readonly ownTools?: (agentId: string) => readonly Tool[];
  /** Closed with the toolbox. @default none */
  readonly mcp?: McpServers;
  readonly log: Log;
}

export function createToolbox({ policyOf, tools, ownTools = () => [], mcp, log }: ToolboxOptions): Toolbox {
  /** Names that were told to be taken, so that it is said once. */
  const told = new Set<string>();
  const policy = (agentId: string, tool: Pick<Tool, 'name'>): ToolPolicy => policyOf(agentId, tool.name);
  return {
    policy,
    async list(agentId) {
      const byName = new Map<string, Tool>();
      for (const tool of [...(await tools), ...ownTools(agentId), ...((await mcp?.tools()) ?? [])]) {
        if (!byName.has(tool.name)) byName.set(tool.name, tool);
        else if (!told.has(tool.name)) {
          told.add(tool.name);
          log.warn('there are two tools of one name, and the first is used', { tool: tool.name });
        }
      }
      return [...byName.values()].filter((tool) => policy(agentId, tool) !== 'deny');
    },
    async close() {
      await mcp?.close();
    },
  };
}
