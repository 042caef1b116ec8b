/** The tools of agents over their settings: those that come with OpenClaw, and those of MCP servers, which come and go with the configuration. */
import type { McpSettings, ToolsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import type { Environment } from '../core/env.ts';
import type { Log } from '../core/log.ts';
import type { ConfiguredAgents } from '../runs/context/index.ts';
import { createBuiltInTools } from '../runs/tools/built-in.ts';
import type { Tool, Toolbox } from '../runs/tools/contract.ts';
import { createMcpServers } from '../runs/tools/mcp/servers.ts';
import { createHandOverTool } from '../runs/tools/hand-over.ts';
import { endLeftBehind } from '../runs/tools/processes/left-behind.ts';
import { createToolbox } from '../runs/tools/toolbox.ts';

export interface BuildToolsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly agents: ConfiguredAgents;
  readonly environment: Environment;
  readonly stateDirectory: string;
  /** Of the built-in ones; they hold from the next start. */
  readonly tools: ToolsSettings;
}

export interface ToolsSide {
  readonly toolbox: Toolbox;
  /** Servers that are new or have changed are started, those that are gone end. */
  configure(mcp: McpSettings): Promise<void>;
}

/** Ends first what a gateway that was killed has left running. */
export async function buildTools({ clock, log, agents, environment, stateDirectory, tools }: BuildToolsOptions): Promise<ToolsSide> {
  await endLeftBehind(stateDirectory, clock);
  const { exec, http } = tools;
  const variables = passedOn(environment, ['PATH', 'HOME', 'LANG']);
  const docker =
    exec.image === undefined ? {} : { docker: { image: exec.image, variables: passedOn(environment, ['PATH', 'HOME', 'DOCKER_HOST']) } };
  const builtIn = createBuiltInTools({
    ...{ clock, log, owner: stateDirectory },
    exec: { ...docker, ...(variables['PATH'] === undefined ? {} : { path: variables['PATH'] }) },
    http: {
      hostsOf: () => (http.hosts.length === 0 ? undefined : http.hosts),
      privateAddresses: http.privateAddresses,
      keyedHosts: http.keyedHosts,
    },
  });
  const mcp = createMcpServers({ clock, log, owner: stateDirectory, directory: stateDirectory, variables });
  const toolbox = createToolbox({
    policyOf: (agentId, name) => agents.get(agentId).policy(name),
    ownTools: (agentId) => handOverTools(agents, agentId),
    ...{ tools: builtIn, mcp, log },
  });
  return { toolbox, configure: ({ servers }) => mcp.configure(Object.entries(servers).map(([name, settings]) => ({ name, ...settings }))) };
}

/** Whom an agent may ask is looked up each time: settings change. */
function handOverTools(agents: ConfiguredAgents, agentId: string): readonly Tool[] {
  const helpers = agents.get(agentId).helpers.map((id) => agents.get(id));
  return helpers.length === 0 ? [] : [createHandOverTool(helpers)];
}

function passedOn(environment: Environment, names: readonly string[]): Record<string, string> {
  const found = names.map((name) => [name, environment.lookup(name)?.value] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
