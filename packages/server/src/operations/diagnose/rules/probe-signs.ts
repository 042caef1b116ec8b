/** What the rules about health checks ask for: whether a check is what ends it, how the checks failed, and when the program was ready. */
import type { Evidence, Health, Life, Quote } from '../evidence.ts';
import { endedLives } from '../last-words.ts';
import { quoteEvents, quoteFailedCheck, saidListening } from '../signs.ts';

export interface Failing {
  readonly health: Health;
  /** What the failed checks printed, the newest last. */
  readonly outputs: readonly string[];
  /** A supervisor ended a life that had not ended by itself. */
  readonly isActedOn: boolean;
  readonly quotes: readonly Quote[];
}

/** Undefined where no check fails, or where the program ends by itself, so that a check has nothing to do with it. */
export function failingChecks(evidence: Evidence): Failing | undefined {
  const { health } = evidence;
  if (health === undefined) return undefined;
  const failed = health.results.filter(({ exitCode }) => exitCode !== 0);
  const last = endedLives(evidence).at(-1);
  const isActedOn = (last?.killedBy.length ?? 0) > 0;
  const endsByItself = last !== undefined && !isActedOn;
  const wasUnhealthy = evidence.events.some(({ action }) => /health_status: unhealthy|^Unhealthy$/.test(action));
  if (failed.length === 0 && !wasUnhealthy) return undefined;
  if (endsByItself && health.status !== 'unhealthy') return undefined;
  return {
    health,
    outputs: failed.map(({ output }) => output),
    isActedOn,
    quotes: [...quoteFailedCheck(evidence), ...(isActedOn ? quoteEvents(evidence, 'kill', 1) : [])],
  };
}

/** A check is given this long after a start before it counts as failed. */
export function patienceMs({ startPeriodMs, intervalMs, timeoutMs, retries }: Health): number {
  return startPeriodMs + retries * (intervalMs + Math.min(timeoutMs, intervalMs));
}

/** The lives in which the program said that it listens, and on which ports. */
export function readyLives(lives: readonly Life[]): readonly { readonly life: Life; readonly port: number; readonly quote: Quote }[] {
  return lives.flatMap((life) => {
    const said = saidListening(life).at(-1);
    return said === undefined ? [] : [{ life, port: said.port, quote: said.quote }];
  });
}

export const refused = /[Cc]onnection refused|ECONNREFUSED|[Ff]ailed to connect|[Cc]ould not connect|can't connect/;
export const timedOut = /exceeded timeout|timed? ?out|ETIMEDOUT|download timed out/i;
