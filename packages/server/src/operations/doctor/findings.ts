/** The three kinds of findings, and what several checks ask of the same answer. */
import { isJsonObject } from '../../core/json.ts';
import type { Evidence, Finding, Severity } from './contract.ts';
import type { Answer, Facts, Problem } from './facts.ts';

export interface Trouble {
  readonly why: string;
  readonly remedy: string;
  readonly evidence?: Evidence;
}

export function well(message: string, evidence: Evidence = {}): Finding {
  return { severity: 'ok', message, evidence };
}

export function warning(message: string, { evidence = {}, ...trouble }: Trouble): Finding {
  return { severity: 'warn', message, evidence, ...trouble };
}

export function broken(message: string, { evidence = {}, ...trouble }: Trouble): Finding {
  return { severity: 'bad', message, evidence, ...trouble };
}

export function worstOf(severities: Iterable<Severity>): Severity {
  const all = new Set(severities);
  return all.has('bad') ? 'bad' : all.has('warn') ? 'warn' : 'ok';
}

/** The words of an error that the gateway answered with, the same that its clients see. */
export function problemIn(answer: Answer): Problem | undefined {
  if (answer.status === undefined || !isJsonObject(answer.body['error'])) return undefined;
  const { code, message, openclaw } = answer.body['error'];
  if (typeof message !== 'string') return undefined;
  const hint = isJsonObject(openclaw) && typeof openclaw['hint'] === 'string' ? openclaw['hint'] : '';
  const plain = hint !== '' && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message;
  return { code: typeof code === 'string' ? code : '', message: plain, hint };
}

export interface HealthCheck {
  readonly state: string;
  readonly detail: string;
}

/** One of the running gateway's own checks; `undefined` where it does not answer or knows none of this name. */
export function healthCheck({ gateway }: Facts, name: string): HealthCheck | undefined {
  const { health } = gateway;
  if (health.status === undefined || !isJsonObject(health.body['checks'])) return undefined;
  const check = health.body['checks'][name];
  if (!isJsonObject(check) || typeof check['state'] !== 'string') return undefined;
  return { state: check['state'], detail: typeof check['detail'] === 'string' ? check['detail'] : '' };
}

/** `ok`, `degraded`, `rescue`, `held`, …; `undefined` where nothing of ours answers. */
export function gatewayState({ gateway }: Facts): string | undefined {
  const ready = gateway.probes['/readyz'];
  if (ready?.status === undefined) return undefined;
  return typeof ready.body['status'] === 'string' && 'ready' in ready.body ? ready.body['status'] : undefined;
}

export function mebibytes(bytes: number): string {
  return bytes >= 2 ** 40 ? 'no limit' : `${Math.floor(bytes / 2 ** 20)} MiB`;
}
