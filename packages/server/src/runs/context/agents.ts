/**
 * The agents of the configuration, each with what the defaults say for it. Read anew whenever the settings have changed.
 *
 * It checks no model and makes no directory: who asks knows what there is.
 */
import { join, resolve } from 'node:path';
import type { AgentsSettings } from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Agent, AgentDirectory } from '../engine/contract.ts';
import type { ToolPolicy } from '../tools/contract.ts';

/** Answers where nobody named another one. There without an entry too. */
export const mainAgentId = 'main';

export interface ConfiguredAgent extends Agent {
  /** The directory that its tools may touch, as it is written. Undefined: one of its own. */
  readonly workspace: string | undefined;
  /** For those that may hand it tasks. */
  readonly description: string | undefined;
  /** Agents that it may hand tasks to. */
  readonly helpers: readonly string[];
  /** What its entry names, holds; then what the defaults name; what nobody names, asks. */
  policy(toolName: string): ToolPolicy;
}

export interface ConfiguredAgents extends AgentDirectory {
  get(id: string): ConfiguredAgent;
  list(): readonly ConfiguredAgent[];
  /** Of an agent that says nothing of its own. */
  defaultPolicy(toolName: string): ToolPolicy;
}

/** @param settings as they are now */
export function createAgentDirectory(settings: () => AgentsSettings): ConfiguredAgents {
  let read: AgentsSettings | undefined;
  let agents: ReadonlyMap<string, ConfiguredAgent> = new Map();
  function current(): ReadonlyMap<string, ConfiguredAgent> {
    const now = settings();
    if (now !== read) {
      agents = readAgents(now);
      read = now;
    }
    return agents;
  }
  return {
    get(id) {
      const agent = current().get(id);
      if (!agent) throw new OpenClawError('agent_not_found', { details: { agentId: id } });
      return agent;
    },
    list: () => [...current().values()],
    defaultPolicy: (toolName) => policyFor(toolName, settings().defaults.tools),
  };
}

/** Where the files of an agent are. Nobody has made it yet. */
export function workspaceOf({ id, workspace }: Pick<ConfiguredAgent, 'id' | 'workspace'>, stateDirectory: string): string {
  return resolve(stateDirectory, workspace ?? join('workspaces', id));
}

/** Agents whose model nobody offers, for a warning: a route that was renamed, a slip in a name. */
export function findUnknownModels(
  { defaults, entries }: AgentsSettings,
  isOffered: (model: string) => boolean,
): readonly { readonly setting: string; readonly model: string }[] {
  const named = [
    { setting: 'agents.defaults.model', model: defaults.model },
    ...Object.entries(entries).map(([id, { model }]) => ({ setting: `agents.entries.${id}.model`, model })),
  ];
  return named.flatMap(({ setting, model }) => (model === undefined || isOffered(model) ? [] : [{ setting, model }]));
}

function readAgents({ defaults, entries }: AgentsSettings): ReadonlyMap<string, ConfiguredAgent> {
  const ids = new Set([mainAgentId, ...Object.keys(entries)]);
  return new Map(
    [...ids].map((id): [string, ConfiguredAgent] => {
      const entry = entries[id] ?? {};
      const own = entry.tools ?? {};
      return [
        id,
        {
          id,
          model: entry.model ?? defaults.model,
          instructions: entry.instructions ?? '',
          limits: { ...defaults.limits, ...entry.limits, ...(entry.limits?.usd === undefined ? {} : { pricedOnly: true }) },
          workspace: entry.workspace,
          description: entry.description,
          helpers: entry.agents ?? [],
          policy: (toolName) => policyIn(own, toolName) ?? policyFor(toolName, defaults.tools),
        },
      ];
    }),
  );
}

type ToolLists = { readonly [Policy in ToolPolicy]?: readonly string[] };

/** What nobody names, asks. */
function policyFor(toolName: string, defaults: ToolLists): ToolPolicy {
  return policyIn(defaults, toolName) ?? 'ask';
}

/** Undefined: these lists do not name it. */
function policyIn(lists: ToolLists, toolName: string): ToolPolicy | undefined {
  const strictestFirst: readonly ToolPolicy[] = ['deny', 'ask', 'allow'];
  return strictestFirst.find((policy) => lists[policy]?.some((pattern) => matches(pattern, toolName)));
}

/** `*` stands for any letters. The pieces between stars are looked for one after the other, so a long name costs nothing more. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let rest = name.slice(first.length, name.length - last.length);
  for (const piece of others) {
    const at = rest.indexOf(piece);
    if (at === -1) return false;
    rest = rest.slice(at + piece.length);
  }
  return true;
}
