/**
 * Which headers of the client go on to a provider of its own format. All others stay here.
 *
 * `anthropic-beta` is a list, and providers that host Claude refuse a request for one name in it that they do not know: those
 * names are left out (quirk `anthropicBetas`). Anthropic itself gets the list as it came.
 */
import { hash } from 'node:crypto';
import type { ModelCall } from './call.ts';
import type { Quirks } from './dialects/dialect.ts';
import { dialects } from './dialects/index.ts';

export function forwardedHeaders(
  call: Pick<ModelCall, 'dialect' | 'headers' | 'caller'>,
  { anthropicBetas }: Quirks,
): Record<string, string> {
  const { dialect, headers } = call;
  const forwarded: Record<string, string> = idempotencyOf(call);
  for (const name of dialects[dialect].passthrough.forwardedHeaders) {
    const value = headers[name];
    if (typeof value !== 'string' || name === 'idempotency-key') continue;
    const taken = name === 'anthropic-beta' && anthropicBetas ? betasTaken(value, anthropicBetas) : value;
    if (taken !== '') forwarded[name] = taken;
  }
  return forwarded;
}

/**
 * The client's idempotency key as one of this caller alone, and of bounded length: all callers have one account at the provider, and
 * whoever guesses the key of another must not get the answer that belongs to it.
 */
export function idempotencyOf({ headers, caller }: Pick<ModelCall, 'headers' | 'caller'>): Record<string, string> {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? { 'idempotency-key': hash('sha256', `${caller.id}\n${key}`) } : {};
}

function betasTaken(list: string, taken: readonly string[]): string {
  const names = list.split(',').map((name) => name.trim());
  return names.filter((name) => taken.some((start) => name.startsWith(`${start}-`))).join(',');
}
