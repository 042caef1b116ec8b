/** Signs that several rules ask for: who listens where, which mount a path lies on, what an event said, and sizes for people. It judges nothing. */
import type { Evidence, Happening, Life, Mount, Quote } from './evidence.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

export function size(bytes: number): string {
  if (bytes >= gibibyte) return `${(bytes / gibibyte).toFixed(1)} GiB`;
  return bytes >= mebibyte ? `${Math.round(bytes / mebibyte)} MiB` : `${Math.round(bytes / 1024)} KiB`;
}

const sources = {
  docker: { settings: 'docker inspect', events: 'docker events' },
  kubernetes: { settings: 'pod spec', events: 'events' },
  systemd: { settings: 'systemctl show', events: 'journal' },
} as const;

/** Something that was set for it, with the command that shows it. */
export function quoteSetting({ platform }: Evidence, text: string): Quote {
  return { source: sources[platform].settings, text };
}

export function quoteEvent({ platform }: Evidence, { atMs, message, count }: Happening): Quote {
  return { source: sources[platform].events, text: count > 1 ? `${message} (${count} times)` : message, atMs };
}

export function quoteEvents(evidence: Evidence, action: string, most = 2): readonly Quote[] {
  return evidence.events
    .filter((event) => event.action === action)
    .slice(-most)
    .map((event) => quoteEvent(evidence, event));
}

/** The mount that a path lies on; the deepest, where they lie in each other. */
export function mountOf({ mounts }: Evidence, path: string): Mount | undefined {
  return mounts
    .filter(({ target }) => path === target || path.startsWith(target.endsWith('/') ? target : `${target}/`))
    .toSorted((one, other) => other.target.length - one.target.length)[0];
}

/** A path in a line of a log. */
export function pathIn(text: string): string | undefined {
  return /(?:^|[\s'"`(=:])(\/[^\s'"`():,;]+)/.exec(text)?.[1];
}

const listening =
  /\b(?:listen(?:ing|s)?|serving|server (?:is )?(?:running|started|up)|running|started|ready|bound)\b[^\n]{0,80}?(?:\bport[ =:]*|[\d.\]*a-z]:|\bon )(\d{2,5})\b/i;

/** The ports on which the program said that it listens, in this life. */
export function saidListening({ lines }: Life): readonly { readonly port: number; readonly index: number; readonly quote: Quote }[] {
  return lines.flatMap(({ text, atMs }, index) => {
    const port = Number(listening.exec(text)?.[1] ?? 0);
    if (port === 0 || port > 65_535 || /EADDRINUSE|in use|error|refused/i.test(text)) return [];
    return [{ port, index, quote: { source: 'log', text: text.trim(), ...(atMs === undefined ? {} : { atMs }) } }];
  });
}

/** The port that a check asks, from its command. */
export function probedPort(check: string): number | undefined {
  const port = Number(
    /:\/\/[^/\s:]+:(\d{2,5})/.exec(check)?.[1] ?? /(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)[: ](\d{2,5})/.exec(check)?.[1] ?? 0,
  );
  return port > 0 ? port : undefined;
}

/** The last check that failed, as the engine keeps it. */
export function quoteFailedCheck({ health }: Evidence): readonly Quote[] {
  const failed = health?.results.findLast(({ exitCode }) => exitCode !== 0);
  if (health === undefined || failed === undefined) return [];
  const words = failed.output === '' ? 'no output' : (failed.output.split('\n').findLast((line) => line.trim() !== '') ?? '').trim();
  return [{ source: 'health log', text: `exit code ${failed.exitCode}: ${words}`, atMs: failed.startedAtMs }];
}

/** The container by which a person calls it in a command. */
export function called({ subject }: Evidence): string {
  return subject.name;
}
