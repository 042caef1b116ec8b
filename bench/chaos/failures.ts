/** What went wrong, in words that are short enough for a table. */
import type { Outcome } from './client.ts';

/** The commonest failures with their numbers; digits and names of one request apart, alike is alike. */
export function failureMix(outcomes: readonly Outcome[], most = 3): string {
  const counts = new Map<string, number>();
  for (const { failure } of outcomes) {
    if (failure !== '') counts.set(kindOf(failure), (counts.get(kindOf(failure)) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left).slice(0, most);
  return sorted.length === 0 ? 'none' : sorted.map(([kind, count]) => `${count} × ${kind}`).join('; ');
}

function kindOf(failure: string): string {
  const status = /^status (\d+)/.exec(failure)?.[1] ?? /^(a stream without its end|an answer that is none)/.exec(failure)?.[1];
  if (status === undefined) return failure.replaceAll('|', '/').slice(0, 60);
  const code = /"code":"?([\w-]+)/.exec(failure)?.[1];
  const type = /"type":"([\w-]+)/.exec(failure)?.[1];
  return `${status} ${code !== undefined && code !== 'null' ? code : (type ?? '')}`.trim();
}
