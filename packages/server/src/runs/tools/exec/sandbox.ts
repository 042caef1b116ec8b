/**
 * Where a command runs: in a container where Docker answers, else as a child of the gateway with the rights of the gateway's user.
 *
 * A container sees the workspace and nothing else of the machine, has no network, no capabilities, and bounds of its own.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { ownerDigest } from '../../../core/processes/mark.ts';
import type { ProcessBounds } from '../processes/supervise.ts';

export interface Sandbox {
  /** For people, such as `Docker 28.2`. */
  readonly name: string;
  /** The program that runs `command` by a shell in there. */
  program(order: SandboxOrder): readonly [string, ...string[]];
  /** What the program itself needs; the command does not see it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Takes away what is left of it. Never rejects. */
  remove(order: Pick<SandboxOrder, 'idempotencyKey'>): Promise<void>;
}

export interface SandboxOrder {
  readonly command: string;
  readonly workspace: string;
  readonly idempotencyKey: string;
  readonly bounds: Required<ProcessBounds>;
}

export interface DockerOptions {
  /** Has to be there, or to be had, under this name. */
  readonly image: string;
  readonly clock: Clock;
  /** For `docker` itself: PATH, and DOCKER_HOST where it is set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whose containers they are, such as a state directory. What is there of this owner has been left behind. @default nobody's */
  readonly owner?: string | undefined;
}

const answerLimitMs = 5000;
/** Where the workspace lies in the container. */
const inside = '/workspace';

/** Undefined where no Docker answers. For whoever alone has the owner's things now: containers that were left behind are removed. */
export async function findDocker(options: DockerOptions): Promise<Sandbox | undefined> {
  const version = await docker(options, ['version', '--format', '{{.Server.Version}}']);
  if (version === undefined || !/^\d/.test(version)) return undefined;
  const left = await docker(options, ['ps', '--all', '--quiet', '--filter', `label=${labelOf(options.owner)}`]);
  const ids = left?.split(/\s+/).filter((id) => /^[0-9a-f]+$/.test(id)) ?? [];
  if (ids.length > 0) await docker(options, ['rm', '--force', ...ids]);
  return {
    name: `Docker ${version.trim()}`,
    program: (order) => ['docker', ...runArguments(options, order)],
    variables: options.variables,
    async remove({ idempotencyKey }) {
      await docker(options, ['rm', '--force', containerName(idempotencyKey)]);
    },
  };
}

function runArguments({ image, owner }: DockerOptions, { command, workspace, idempotencyKey, bounds }: SandboxOrder): readonly string[] {
  // Files that it makes belong to whoever runs the gateway.
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`];
  return [
    'run',
    '--rm',
    '--init',
    ...['--name', containerName(idempotencyKey)],
    ...['--label', labelOf(owner)],
    ...['--network', 'none'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--read-only', '--tmpfs', '/tmp:rw,size=256m'],
    ...['--pids-limit', String(bounds.processes), '--memory', String(bounds.memoryBytes), '--memory-swap', String(bounds.memoryBytes)],
    ...['--ulimit', `fsize=${bounds.fileBytes}`, '--ulimit', 'core=0'],
    ...user,
    ...['--mount', `type=bind,source=${workspace},target=${inside}`, '--workdir', inside, '--env', `HOME=${inside}`],
    image,
    ...['/bin/sh', '-c', command],
  ];
}

function labelOf(owner: string | undefined): string {
  return `openclaw.owner=${ownerDigest(owner)}`;
}

/** Two attempts of one call have the same, so that what a crash has left is found. */
function containerName(idempotencyKey: string): string {
  return `openclaw-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 24)}`;
}

/** What it says, or undefined if it does not answer well and in time. */
function docker({ variables }: DockerOptions, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('docker', args, { env: variables, timeout: answerLimitMs, killSignal: 'SIGKILL' }, (failure, output) =>
      resolve(failure ? undefined : output),
    );
  });
}
