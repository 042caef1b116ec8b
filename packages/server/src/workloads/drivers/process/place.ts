/**
 * What this machine offers to units: whether they can run at all, whether the kernel holds their limits, whether they may have mounts of their own.
 *
 * It tries and does not guess: a group is made and removed again.
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { createControlGroup } from '../../../core/processes/control-group.ts';
import type { GroupTree } from '../../../core/processes/group-places.ts';
import type { Availability } from '../driver.ts';

export const unitTrees: readonly GroupTree[] = ['unified', 'memory', 'cpu', 'cpuacct', 'pids'];

export interface Place {
  readonly availability: Availability;
  readonly mayMount: boolean;
  /** Absolute paths: a unit's own PATH says nothing of them. */
  readonly tools: Readonly<Record<ToolName, string>>;
}

const toolNames = ['sh', 'mkfifo', 'dd', 'rm', 'setsid'] as const;
type ToolName = (typeof toolNames)[number] | 'unshare' | 'nsenter';

export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface PlaceOptions {
  readonly clock: Clock;
  readonly usesControlGroups: boolean;
  /** @default that of this process */
  readonly platform?: NodeJS.Platform;
}

export async function examinePlace({ clock, usesControlGroups, platform = process.platform }: PlaceOptions): Promise<Place> {
  const tools = Object.fromEntries(
    [...toolNames, 'unshare', 'nsenter'].map((name) => [name, findProgram(name, systemPath) ?? '']),
  ) as Place['tools'];
  const mayMount = process.geteuid?.() === 0 && tools.unshare !== '' && tools.nsenter !== '';
  const unusable = (reason: string): Place => ({ availability: { usable: false, reason }, mayMount, tools });
  if (platform !== 'linux') return unusable(`it needs Linux, and this is ${platform}; use the driver docker`);
  const missing = toolNames.filter((name) => tools[name] === '');
  if (missing.length > 0) return unusable(`there is no ${missing.join(', ')} in ${systemPath}`);
  return { availability: await findLimits(clock, usesControlGroups), mayMount, tools };
}

async function findLimits(clock: Clock, usesControlGroups: boolean): Promise<Availability> {
  const weaker = (why: string): Availability => ({
    usable: true,
    limits: 'watchdog',
    note: `${why}: memory is read every second and a unit above its limit is ended, which a fast one can outrun; limits of processors are not held`,
  });
  if (!usesControlGroups) return weaker('control groups are switched off');
  const name = `probe-${randomBytes(6).toString('hex')}`;
  const group = await createControlGroup({ name, processLimit: 1, clock, trees: unitTrees });
  const counts = group?.memory !== undefined;
  await group?.remove();
  if (!counts) return weaker('this process may make no control group with the memory controller');
  return { usable: true, limits: 'kernel' };
}

/** The file that a command names, as a shell would find it; undefined where there is none that may be run. */
export function findProgram(command: string, path: string): string | undefined {
  const candidates = command.includes('/')
    ? [command]
    : path.split(':').map((directory) => join(directory === '' ? '.' : directory, command));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Changes when the machine is started again. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux, where nothing runs.
    return '';
  }
}
