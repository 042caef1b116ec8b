/**
 * Which headers of the client go on to a provider of its own format. All others stay here.
 *
 * `anthropic-beta` is a list, and providers that host Claude refuse a request for one name in it that they do not know: those
 * names are left out (quirk `anthropicBetas`). Anthropic itself gets the list as it came.
 */
import type { ModelCall } from './call.ts';
import type { Quirks } from './dialects/dialect.ts';
import { dialects } from './dialects/index.ts';

export function forwardedHeaders(
  { dialect, headers }: Pick<ModelCall, 'dialect' | 'headers'>,
  { anthropicBetas }: Quirks,
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of dialects[dialect].passthrough.forwardedHeaders) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    const taken = name === 'anthropic-beta' && anthropicBetas ? betasTaken(value, anthropicBetas) : value;
    if (taken !== '') forwarded[name] = taken;
  }
  return forwarded;
}

function betasTaken(list: string, taken: readonly string[]): string {
  const names = list.split(',').map((name) => name.trim());
  return names.filter((name) => taken.some((start) => name.startsWith(`${start}-`))).join(',');
}
