/** What a run may use, what of that is left, and when its time is up. Pure. */
import type { CreateRunRequest, RunLimits, RunView } from '@openclaw/protocol';

/** The agent's own, made narrower by the request; never wider. A limit of money that somebody asks for has to hold. */
export function limitsOf(agent: RunLimits, { limits = {}, deadlineMs }: CreateRunRequest, nowMs: number): RunLimits {
  const timeMs = deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - nowMs);
  const asked: Partial<RunLimits> = limits.usd === undefined ? limits : { ...limits, pricedOnly: true };
  return narrowed(narrowed(agent, asked), timeMs === undefined ? {} : { timeMs });
}

/** Of a run that another one begins: what its agent may use, and no more than that one has left. */
export function limitsBelow(agent: RunLimits, parent: RunView, nowMs: number): RunLimits {
  const { limits, use, knownCostNanoUsd } = parent;
  return narrowed(agent, {
    tokens: Math.max(0, limits.tokens - use.inputTokens - use.outputTokens),
    usd: Math.max(0, limits.usd - knownCostNanoUsd / 1e9),
    ...(limits.pricedOnly ? { pricedOnly: true } : {}),
    timeMs: Math.max(0, limits.timeMs - workedMsOf(parent, nowMs)),
    depth: Math.max(0, limits.depth - 1),
  });
}

function narrowed(limits: RunLimits, by: Partial<RunLimits>): RunLimits {
  const least = (name: Exclude<keyof RunLimits, 'pricedOnly'>): number => Math.min(limits[name], by[name] ?? limits[name]);
  return {
    ...{ steps: least('steps'), tokens: least('tokens'), usd: least('usd'), timeMs: least('timeMs') },
    ...{ children: least('children'), depth: least('depth') },
    ...(limits.pricedOnly || by.pricedOnly ? { pricedOnly: true } : {}),
  };
}

/** In words: the limit that it has come to. */
export function reachedLimit(view: RunView, nowMs: number): string | undefined {
  const { limits, steps, use, knownCostNanoUsd } = view;
  if (steps >= limits.steps) return `${limits.steps} steps`;
  if (use.inputTokens + use.outputTokens >= limits.tokens) return `${limits.tokens} tokens`;
  if (knownCostNanoUsd >= limits.usd * 1e9) return `US$ ${limits.usd}`;
  return workedMsOf(view, nowMs) >= limits.timeMs ? `${limits.timeMs} ms` : undefined;
}

/** When its time is up, if it does nothing but work until then. */
export function endOfTime({ limits, workedMs, workingSinceMs }: RunView, nowMs: number): number {
  return (workingSinceMs ?? nowMs) + Math.max(0, limits.timeMs - workedMs);
}

function workedMsOf({ workedMs, workingSinceMs }: RunView, nowMs: number): number {
  return workedMs + nowMs - (workingSinceMs ?? nowMs);
}
