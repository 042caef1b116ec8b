/**
 * `openclaw gateway stop`: asks the gateway that holds the state directory to end, as `docker stop` does, and waits until it has let go.
 *
 * It never kills: a gateway that drains for longer than the wait is left to it.
 */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { StateOwner } from '../../storage/index.ts';
import type { LocalPlace } from '../gateway-target.ts';
import { addOutput, type OutputFlags, parseTime } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface StopContext {
  readonly io: Terminal;
  readonly clock: Clock;
  /** Keeps the process alive, which the clock's timers do not. */
  readonly wait: (ms: number) => Promise<unknown>;
  readonly findPlace: () => Promise<LocalPlace>;
  readonly kill: (pid: number, signal: NodeJS.Signals) => void;
  readonly hostname: () => string;
}

type Flags = OutputFlags & { readonly timeout: number };

/** Longer than the longest drain that is likely. */
const presetTimeoutMs = 60_000;
const lookEveryMs = 50;

export function registerStopCommand(group: Command, context: () => StopContext): void {
  addOutput(group.command('stop'))
    .description('stop the gateway that runs on the state directory, and wait until it has')
    .addOption(new Option('--timeout <time>', 'how long to wait').argParser(parseTime).default(presetTimeoutMs, '60s'))
    .addHelpText(
      'after',
      '\nThe exit code is 0 where none runs.\n\nExamples:\n  openclaw gateway stop\n  openclaw gateway stop --timeout 10s\n',
    )
    .action((flags: Flags) => stop(flags, context()));
}

async function stop({ output, timeout }: Flags, context: StopContext): Promise<void> {
  const { io, clock, wait, findPlace } = context;
  const { stateDirectory, owner } = await findPlace();
  const say = (document: object, words: string): void => {
    io.stdout.write(output === 'json' ? `${JSON.stringify(document)}\n` : `${words}\n`);
  };
  if (!owner) {
    say({ stopped: false, running: false }, `No gateway runs on ${stateDirectory}.`);
    return;
  }
  ask(owner, stateDirectory, context);
  const beganMs = clock.monotonicMs();
  while (await isStillThere(owner, findPlace)) {
    if (clock.monotonicMs() - beganMs >= timeout) throw tooSlow(owner, timeout);
    await wait(lookEveryMs);
  }
  const tookMs = Math.round(clock.monotonicMs() - beganMs);
  say({ stopped: true, running: false, pid: owner.pid, tookMs }, `The gateway (pid ${owner.pid}) has stopped after ${tookMs} ms.`);
}

function ask({ pid, host }: StateOwner, stateDirectory: string, { kill, hostname }: StopContext): void {
  const refuse = (reason: string, suggestion: string): OpenClawError =>
    new OpenClawError('command_refused', { details: { reason, suggestion } });
  if (host !== hostname()) {
    throw refuse(
      `The state directory ${stateDirectory} is held by process ${pid} on ${host}, and this is ${hostname()}`,
      `Stop it there, or its container with docker stop.`,
    );
  }
  try {
    kill(pid, 'SIGTERM');
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    // It has ended meanwhile: what is waited for below.
    if (code === 'ESRCH') return;
    throw refuse(`Process ${pid} could not be asked to stop: ${reasonOf(thrown)}`, 'Run this command as the user who runs the gateway.');
  }
}

/** Another owner means that this one has let go. */
async function isStillThere(owner: StateOwner, findPlace: StopContext['findPlace']): Promise<boolean> {
  const { owner: now } = await findPlace();
  return now !== undefined && now.pid === owner.pid && now.startedAtMs === owner.startedAtMs;
}

function tooSlow({ pid }: StateOwner, timeoutMs: number): OpenClawError {
  return new OpenClawError('command_refused', {
    details: {
      reason: `The gateway (pid ${pid}) has not stopped within ${timeoutMs} ms; it may wait for requests that are running`,
      suggestion: 'Wait longer with --timeout; gateway.drainTimeoutMs bounds what it waits for.',
    },
  });
}
