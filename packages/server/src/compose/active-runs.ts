/**
 * Which runs use an address of this machine right now: those with a call of a tool under way that names it, or that goes to an MCP server there. A program
 * that is reached by other means is not seen.
 */
import type { ToolCallRequest } from '@openclaw/protocol';
import type { McpSettings } from '../config/index.ts';
import type { Journal } from '../runs/index.ts';

export interface ActiveRuns {
  /** @param addresses `127.0.0.1:8080` */
  at(addresses: readonly string[]): readonly { readonly runId: string; readonly tool: string }[];
}

export interface ActiveRunsOptions {
  readonly journal: Pick<Journal, 'observe'>;
  readonly servers: () => McpSettings['servers'];
}

/** Tools of MCP servers are called `server__tool`. */
const serverMark = '__';

export function watchActiveRuns({ journal, servers }: ActiveRunsOptions): ActiveRuns {
  /** Calls under way, by run and step. */
  const calls = new Map<string, Map<number, ToolCallRequest>>();
  // For as long as there is a journal.
  journal.observe((events, view) => {
    const own = calls.get(view.id) ?? new Map<number, ToolCallRequest>();
    for (const event of events) {
      if (event.kind === 'step.started' && event.call !== undefined) own.set(event.step, event.call);
      if (event.kind === 'step.finished' || event.kind === 'step.failed') own.delete(event.step);
    }
    if (own.size > 0 && view.endedAtMs === null) calls.set(view.id, own);
    else calls.delete(view.id);
  });
  return {
    at(addresses) {
      if (addresses.length === 0) return [];
      const names = addresses.flatMap((address) => [address, address.replace('127.0.0.1', 'localhost')]);
      const isNamed = (text: string): boolean => names.some((name) => namesAddress(text, name));
      const there = Object.entries(servers()).flatMap(([name, { url }]) => (url !== undefined && isNamed(url) ? [name] : []));
      const uses = ({ name, argumentsText }: ToolCallRequest): boolean =>
        there.some((server) => name.startsWith(`${server}${serverMark}`)) || isNamed(argumentsText);
      return [...calls].flatMap(([runId, steps]) => [...steps.values()].filter(uses).map(({ name }) => ({ runId, tool: name })));
    },
  };
}

/** `127.0.0.1:80` is not named by `127.0.0.1:8080`. */
function namesAddress(text: string, address: string): boolean {
  for (let at = text.indexOf(address); at !== -1; at = text.indexOf(address, at + 1)) {
    if (!/\d/.test(text.charAt(at + address.length))) return true;
  }
  return false;
}
