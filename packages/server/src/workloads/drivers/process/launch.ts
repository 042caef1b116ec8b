/**
 * Starts a unit: finds the command, makes group and directory, and lets the shim go. From the moment at which the directory is there, the id is taken for good.
 *
 * It does not watch what it has started: `live-unit.ts` does.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../../core/errors.ts';
import { type ControlGroup, createControlGroup } from '../../../core/processes/control-group.ts';
import { markName, ownerDigest } from '../../../core/processes/mark.ts';
import type { UnitPlan } from '../driver.ts';
import { type ProcessIdentity, readProcess } from '../kernel/process-usage.ts';
import { type MountPlan, planMounts } from './mounts.ts';
import { findProgram, type Place, readBootId, systemPath, unitTrees } from './place.ts';
import { enterScript, environmentScript, probeScript, shimScript, type SpoolBounds } from './shim.ts';
import { noteOf, UnitFiles, unitName } from './unit-files.ts';

export interface LaunchSettings {
  /** Where the directories of units lie. */
  readonly unitsDirectory: string;
  readonly volumesDirectory: string;
  /** Commands of this machine for images. */
  readonly imageCommands: Readonly<Record<string, readonly string[]>>;
  readonly spool: Required<SpoolBounds>;
  /** Processes and threads of one unit. */
  readonly processLimit: number;
  readonly clock: Clock;
}

export interface Launched {
  readonly files: UnitFiles;
  /** Undefined where somebody has started that id before. */
  readonly shim: ProcessIdentity | undefined;
}

/** @throws OpenClawError `workload_image_not_runnable`, `workload_cannot_run` */
export async function launch(plan: UnitPlan, place: Place, settings: LaunchSettings): Promise<Launched> {
  const { unitsDirectory, clock } = settings;
  const files = new UnitFiles(unitsDirectory, plan.id);
  const refuse = (reason: string, cause?: unknown): OpenClawError =>
    new OpenClawError('workload_cannot_run', { details: { container: plan.id.container, workload: plan.workload.name, reason }, cause });
  const command = commandOf(plan, settings.imageCommands, refuse);
  const workingDirectory = plan.workingDirectory ?? files.path('work');
  const environment = environmentOf(plan, files.directory);
  checkCommand({ command, workingDirectory, environment, hasMounts: plan.mounts.length > 0 }, refuse);
  const mounts = await planMounts(plan.mounts, {
    unitDirectory: files.directory,
    volumesDirectory: settings.volumesDirectory,
    mayMount: place.mayMount,
  }).catch((thrown: unknown) => {
    throw refuse(reasonOf(thrown), thrown);
  });
  const name = `${groupPrefix(unitsDirectory)}${createHash('sha256').update(unitName(plan.id)).digest('hex').slice(0, 24)}`;
  const group = await makeGroup(plan, { place, name, settings });
  const note = noteOf(plan, {
    startedAtMs: clock.now(),
    limits: group?.memory === undefined ? 'watchdog' : 'kernel',
    workingDirectory,
    groups: group?.directories ?? {},
    mark: `${markName}=${name}`,
    bootId: readBootId(),
  });
  const entry = { directory: files.directory, workingDirectory, group };
  try {
    const isNew = await files.create(unitsDirectory, {
      note,
      directories: ['work'],
      files: {
        environment: environmentScript({ ...environment, [markName]: name }),
        enter: enterScript({ ...entry, mounts: mounts.commands }),
        probe: probeScript(entry),
      },
    });
    if (!isNew) return { files, shim: undefined };
    await makeDirectories(mounts);
    return { files, shim: await startShim({ files, group, place, settings, command, hasMounts: mounts.commands.length > 0 }) };
  } catch (thrown) {
    await group?.remove();
    // Nothing has begun: where a shim runs nothing is thrown any more.
    await files.remove();
    throw refuse(reasonOf(thrown), thrown);
  }
}

/** How names of groups begin that belong to this state directory. */
export function groupPrefix(unitsDirectory: string): string {
  return `unit-${ownerDigest(unitsDirectory)}-`;
}

type Refuse = (reason: string, cause?: unknown) => OpenClawError;

function commandOf(plan: UnitPlan, imageCommands: LaunchSettings['imageCommands'], refuse: Refuse): readonly [string, ...string[]] {
  const { image, command, args } = plan;
  const mapped = image !== undefined && Object.hasOwn(imageCommands, image) ? imageCommands[image] : undefined;
  const [program, ...rest] = [...(command.length > 0 ? command : (mapped ?? [])), ...args];
  if (program !== undefined && (command.length > 0 || mapped !== undefined)) return [program, ...rest];
  if (image === undefined) throw refuse('it has neither an image nor a command');
  throw new OpenClawError('workload_image_not_runnable', { details: { image } });
}

/** There is no network of its own: a program has to listen where it is reached, and is told where that is. */
function environmentOf(plan: UnitPlan, directory: string): Readonly<Record<string, string>> {
  const [first] = plan.ports;
  const ports = plan.ports.map(({ containerPort, reachedAtPort }) => [`OPENCLAW_PORT_${containerPort}`, String(reachedAtPort)] as const);
  const given = {
    PATH: systemPath,
    ...(first === undefined ? {} : { PORT: String(first.reachedAtPort) }),
    ...Object.fromEntries(ports),
    ...plan.environment,
  };
  if (plan.reportsHeap !== true) return given;
  const before = plan.environment['NODE_OPTIONS'];
  return { ...given, NODE_OPTIONS: `${before === undefined ? '' : `${before} `}--import=${preloadUrl(directory)}` };
}

function preloadUrl(directory: string): string {
  const url = pathToFileURL(join(import.meta.dirname, 'node-preload.js'));
  url.searchParams.set('directory', directory);
  return url.href;
}

interface Checked {
  readonly command: readonly [string, ...string[]];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly hasMounts: boolean;
}

function checkCommand({ command: [program], workingDirectory, environment, hasMounts }: Checked, refuse: Refuse): void {
  const odd = Object.keys(environment).find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (odd !== undefined) throw refuse(`the variable ${odd} has a name that a shell cannot hand on; use letters, digits and _`);
  const nul = Object.entries(environment).find(([, value]) => value.includes('\0'));
  if (nul !== undefined) throw refuse(`the variable ${nul[0]} has a NUL in its value`);
  // What a mount brings is not there yet.
  if (hasMounts) return;
  const path = environment['PATH'] ?? systemPath;
  const found = findProgram(program.includes('/') ? resolve(workingDirectory, program) : program, path);
  if (found === undefined)
    throw refuse(program.includes('/') ? `there is no program ${program}` : `there is no program ${program} in ${path}`);
}

interface GroupWish {
  readonly place: Place;
  readonly name: string;
  readonly settings: LaunchSettings;
}

async function makeGroup(plan: UnitPlan, { place, name, settings }: GroupWish): Promise<ControlGroup | undefined> {
  const { availability } = place;
  if (!availability.usable || availability.limits === 'watchdog') return undefined;
  return createControlGroup({
    name,
    processLimit: settings.processLimit,
    memoryLimitBytes: plan.memoryLimitBytes,
    cpuLimitMilli: plan.cpuLimitMilli,
    endsTogether: true,
    trees: unitTrees,
    clock: settings.clock,
  });
}

async function makeDirectories({ directories }: MountPlan): Promise<void> {
  for (const directory of directories) await mkdir(directory, { recursive: true, mode: 0o700 });
}

interface Shim {
  readonly files: UnitFiles;
  readonly group: ControlGroup | undefined;
  readonly place: Place;
  readonly settings: LaunchSettings;
  readonly command: readonly string[];
  readonly hasMounts: boolean;
}

async function startShim({ files, group, place, settings, command, hasMounts }: Shim): Promise<ProcessIdentity> {
  const { sh, setsid, unshare } = place.tools;
  const namespace = hasMounts ? [unshare, '--mount', '--propagation', 'private'] : [];
  const words = [setsid, ...namespace, sh, files.path('enter'), ...command];
  const errors = await open(files.path('shim.log'), 'a', 0o600);
  try {
    const shim = spawn(sh, ['-c', shimScript(group, settings.spool), 'openclaw-unit', ...words], {
      cwd: files.directory,
      env: { PATH: systemPath },
      stdio: ['ignore', 'ignore', errors.fd],
      // A session of its own, which does not end with the one of the gateway.
      detached: true,
    });
    await once(shim, 'spawn');
    shim.unref();
    const pid = shim.pid ?? 0;
    // It is a child of this process, so that its number is its own until the system has told of its end.
    return { pid, startTicks: readProcess(pid)?.startTicks ?? -1 };
  } finally {
    await errors.close();
  }
}
