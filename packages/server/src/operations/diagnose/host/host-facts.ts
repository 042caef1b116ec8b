/** What of the machine beneath the engine matters to a container. All of it is optional: what cannot be read is named. */
import { objectOf, positiveOf, textOf, type RoomAnswer } from '../answers.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { Lookout } from '../contract.ts';
import type { Host, Quote } from '../evidence.ts';
import { kernelLog } from './ask-host.ts';
import { kernelLines } from './kernel-lines.ts';
import { NotSeen } from '../not-seen.ts';

export type Unseen = (what: string, why: string) => void;

/** What `/info` of the engine says, wherever it runs. */
export function engineFacts(info: JsonObject): Omit<Host, 'kernel' | 'listeners'> {
  const name = textOf(info['Name']);
  const architecture = textOf(info['Architecture']);
  const processors = positiveOf(info['NCPU']);
  const memoryBytes = positiveOf(info['MemTotal']);
  const root = textOf(info['DockerRootDir']);
  const cgroupVersion = Number(textOf(info['CgroupVersion']));
  return {
    ...(name === '' ? {} : { name }),
    ...(architecture === '' ? {} : { architecture: architectureName(architecture) }),
    ...(processors === undefined ? {} : { processors }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(root === '' ? {} : { root: { path: root } }),
    ...(cgroupVersion > 0 ? { cgroupVersion } : {}),
  };
}

/** As images call it. */
function architectureName(name: string): string {
  return { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm', i686: '386' }[name] ?? name;
}

/** Of the machine that the engine shares with this program. */
export async function machineFacts(
  lookout: Lookout,
  { sinceMs, ports, unseen }: { readonly sinceMs: number; readonly ports: readonly number[]; readonly unseen: Unseen },
): Promise<Pick<Host, 'kernel' | 'listeners' | 'memoryAvailableBytes'>> {
  const [memory, kernel, listeners] = await Promise.all([
    seen(lookout, '/proc/meminfo', (why) => unseen('memory of the host', why)),
    kernelOf(lookout, sinceMs, unseen),
    listenersOf(lookout, ports),
  ]);
  const kibibytes = Number(/^MemAvailable:\s+(\d+) kB/m.exec(memory ?? '')?.[1] ?? Number.NaN);
  return { kernel, listeners, ...(Number.isNaN(kibibytes) ? {} : { memoryAvailableBytes: kibibytes * 1024 }) };
}

async function kernelOf(lookout: Lookout, sinceMs: number, unseen: Unseen): Promise<readonly Quote[]> {
  const tell = (why: string): void => unseen('log of the kernel', `${why}; as root, \`dmesg\` shows it`);
  const [text, uptime] = await Promise.all([seen(lookout, kernelLog, tell), seen(lookout, '/proc/uptime', () => {})]);
  const uptimeSeconds = Number.parseFloat(uptime ?? '');
  if (text === undefined || Number.isNaN(uptimeSeconds)) return [];
  return kernelLines(text, { atMs: lookout.atMs, uptimeSeconds }, sinceMs);
}

const listening = '0A';

/** Which of these ports somebody listens on. Who it is, only root could tell. */
async function listenersOf(lookout: Lookout, ports: readonly number[]): Promise<Host['listeners']> {
  if (ports.length === 0) return [];
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => seen(lookout, path, () => {})));
  const open = new Set(
    tables.flatMap((table) =>
      (table ?? '').split('\n').flatMap((line) => {
        const [, local = '', , state] = line.trim().split(/\s+/);
        return state === listening ? [Number.parseInt(local.split(':').at(-1) ?? '', 16)] : [];
      }),
    ),
  );
  return ports.filter((port) => open.has(port)).map((port) => ({ port }));
}

async function seen(lookout: Lookout, path: string, tell: (why: string) => void): Promise<string | undefined> {
  try {
    return textOf(await lookout.ask({ from: 'host', as: 'text', path }));
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    tell(thrown.message);
    return undefined;
  }
}

export async function roomAt(lookout: Lookout, path: string): Promise<RoomAnswer | undefined> {
  try {
    const room = objectOf(await lookout.ask({ from: 'host', as: 'room', path }));
    return room as unknown as RoomAnswer;
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    return undefined;
  }
}
