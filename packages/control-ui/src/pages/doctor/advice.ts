/** What the checks of health look at, and what is to be done about each. The gateway says what it found; this says what it means. */
import type { Severity } from '@openclaw/protocol';
import { formatBytes, formatDuration, formatPercent } from '../../format.ts';
import type { Tone } from '../../components/status.tsx';

export interface Advice {
  readonly title: string;
  /** What it looks at, and why that matters. */
  readonly about: string;
  /** What mends it. */
  readonly remedy: string;
  /** Of the documentation. */
  readonly page: string;
}

const advice: Readonly<Record<string, Advice>> = {
  configuration: {
    title: 'Configuration',
    about: 'Whether the file as it stands is the one in force.',
    remedy: 'Open Configuration: it shows what is wrong and where, and takes a mended file or an earlier version.',
    page: 'docs/configuration-running.md',
  },
  secrets: {
    title: 'Secrets',
    about: 'Whether the secrets that lie elsewhere can be read there. What was read last holds meanwhile.',
    remedy: 'Run `openclaw secrets check` on the gateway’s machine: it asks each source and says what it answers.',
    page: 'docs/secrets.md',
  },
  state: {
    title: 'Database',
    about: 'Whether sessions, keys, devices and usage are written, and how fast.',
    remedy: 'Look at the log for `storage`, and at the disk below. A slow network volume under the state directory is the usual cause.',
    page: 'docs/health.md',
  },
  disk: {
    title: 'Disk',
    about: 'Room on the volume of the state directory. When there is none, nothing can be written down.',
    remedy: 'Make room on that volume, or make it larger; the gateway goes on by itself.',
    page: 'docs/health.md',
  },
  inodes: {
    title: 'Files that fit',
    about: 'How many more files the volume of the state directory takes.',
    remedy: 'Delete files on that volume: many small ones use them up while there is room.',
    page: 'docs/health.md',
  },
  survival: {
    title: 'What is left after a restart',
    about: 'Whether the state lies where it outlives its container.',
    remedy: 'Mount a volume at the state directory; `openclaw volumes` says what lies where, `openclaw volumes migrate` brings it there.',
    page: 'docs/volumes.md',
  },
  memory: {
    title: 'Memory',
    about: 'What the process uses of what it may use. Before the end of it requests are turned away, so that it is not killed.',
    remedy: 'Give the container more memory, or lower `gateway.limits.heldBodyBytes`. The timeline under Process shows when it began.',
    page: 'docs/memory.md',
  },
  eventLoop: {
    title: 'Event loop',
    about: 'How long everything waits for its turn. Late ticks make every answer late.',
    remedy: 'Give it more processor time; a host that is overbooked shows here first.',
    page: 'docs/health.md',
  },
  clock: {
    title: 'Clock',
    about: 'Whether the time of day jumped. Signatures of devices and budgets by day depend on it.',
    remedy: 'Let the machine keep its time by NTP. It passes by itself five minutes after the jump.',
    page: 'docs/health.md',
  },
  channels: {
    title: 'Channels',
    about: 'Whether what arrives by webhook is taken, and what is to be told is delivered.',
    remedy:
      'See who does not take it: `openclaw channels deliveries CHANNEL --dead`. What was given up is sent again by `openclaw channels redeliver`.',
    page: 'docs/channels.md',
  },
  workloads: {
    title: 'Workloads',
    about: 'Whether the programs that are to run do, or wait for another attempt after they have failed.',
    remedy: 'Open Workloads: each one in trouble says why, and its output and events show what came before.',
    page: 'docs/workloads.md',
  },
  backup: {
    title: 'Backups',
    about: 'Whether the last backup by schedule was made.',
    remedy: 'Make one by hand, which says what is in the way: `openclaw backup create`.',
    page: 'docs/backup.md',
  },
  background: {
    title: 'Work in the background',
    about: 'Whether what runs beside requests still runs.',
    remedy: 'Look at the log for the part that is named; if it does not come back, restart the gateway.',
    page: 'docs/health.md',
  },
  providers: {
    title: 'Providers',
    about: 'Whether there is anybody who answers, and whether their keys are taken.',
    remedy: 'Set a provider with a key under Configuration, models, or a key such as `OPENAI_API_KEY` in the environment.',
    page: 'docs/models.md',
  },
};

/** Also of a check that this page does not know yet. */
export function adviceFor(name: string): Advice {
  return (
    advice[name] ?? {
      title: words(name),
      about: '',
      remedy: 'Look at the log, and run `openclaw doctor` on the gateway’s machine.',
      page: 'docs/health.md',
    }
  );
}

export function words(name: string): string {
  const spaced = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[_.-]/g, ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export const toneOfSeverity: Readonly<Record<Severity, Tone>> = { ok: 'ok', warn: 'warn', bad: 'bad' };

/** `{ durationMs: 132, openConnections: 3 }` reads as "duration 132 ms, open connections 3". */
export function describeEvidence(evidence: Readonly<Record<string, unknown>>): string {
  return Object.entries(evidence)
    .map(([name, value]) => {
      const unit = typeof value === 'number' ? units.find(([suffix]) => name.endsWith(suffix)) : undefined;
      if (unit && typeof value === 'number') return `${words(name.slice(0, -unit[0].length)).toLowerCase()} ${unit[1](value)}`;
      return `${words(name).toLowerCase()} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    })
    .join(', ');
}

const units = [
  ['Ms', formatDuration],
  ['Bytes', formatBytes],
  ['Mib', (mebibytes: number) => formatBytes(mebibytes * 2 ** 20)],
  ['Percent', (percent: number) => `${percent} %`],
  ['Share', formatPercent],
] as const;

const severities: readonly string[] = ['bad', 'failed', 'warn', 'degraded', 'ok'];

/** What is worst comes first; equals stay in the order in which they are told. */
export function worstFirst<Item>(items: readonly Item[], severityOf: (item: Item) => string): readonly Item[] {
  return items.toSorted((one, other) => severities.indexOf(severityOf(one)) - severities.indexOf(severityOf(other)));
}
