/** `openclaw gateway` beside `run`: what is asked of a running gateway, and its service. One file for each; this one hands them what they need. */
import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment, type Environment } from '../../core/env.ts';
import { createConnect } from './control.ts';
import { registerCallCommand } from './gateway-call.ts';
import { type InstallContext, registerInstallCommands } from './gateway-install.ts';
import { registerStatusCommands } from './gateway-status.ts';
import { registerStopCommand } from './gateway-stop.ts';
import type { LocalPlace } from '../gateway-target.ts';
import { registerHealthCommand } from './health.ts';
import { run } from './programs.ts';
import { readServiceState, unitName, type ServiceContext, type UnitOptions } from './systemd.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

export function registerGatewayControl(group: Command, { terminal, setExitCode }: CommandContext): void {
  const connect = createConnect(terminal);
  const context = { io: terminal, connect, setExitCode };
  const findPlace = async (): Promise<LocalPlace> => (await import('../gateway-target.ts')).findLocalPlace(terminal.env);
  const service = (): ServiceContext => serviceContext(readEnvironment({ env: terminal.env }));
  registerHealthCommand(group, context, 'openclaw gateway');
  registerStatusCommands(group, { ...context, clock: systemClock, findPlace, serviceState: () => readServiceState(service()) });
  registerCallCommand(group, context);
  registerStopCommand(group, () => ({
    io: terminal,
    clock: systemClock,
    wait: (ms) => wait(ms),
    findPlace,
    kill: (pid, signal) => process.kill(pid, signal),
    hostname,
  }));
  registerInstallCommands(group, (): InstallContext => ({ io: terminal, ...service(), unit: () => describeUnit(terminal) }));
}

function serviceContext(environment: Environment): ServiceContext {
  return {
    unitFile: join(configHome(environment), 'systemd', 'user', unitName),
    systemctl: (...words) => run('systemctl', ['--user', ...words]),
  };
}

function configHome(environment: Environment): string {
  const chosen = environment.lookup('XDG_CONFIG_HOME')?.value;
  return chosen !== undefined && isAbsolute(chosen) ? chosen : join(environment.lookup('HOME')?.value ?? homedir(), '.config');
}

/** Where the drain cannot be read from the configuration, the longest that is likely. */
const presetDrainMs = 60_000;

async function describeUnit(terminal: Terminal): Promise<UnitOptions> {
  const { loadConfiguration, locate } = await import('../../config/index.ts');
  const environment = readEnvironment({ env: terminal.env });
  const { stateDirectory, file } = locate(environment);
  const drainTimeoutMs = await loadConfiguration({ environment }).then(
    ({ settings }) => settings.gateway.drainTimeoutMs,
    // The gateway says what is wrong with it, and starts all the same.
    () => presetDrainMs,
  );
  return {
    program: findProgram(),
    stateDirectory,
    configFile: file,
    environmentFile: join(configHome(environment), 'openclaw', 'gateway.env'),
    drainTimeoutMs,
  };
}

/** The launcher of a clone, which finds its Node by itself; of an installed package this Node and its script. */
function findProgram(): readonly string[] {
  const launcher = join(import.meta.dirname, '../../../../../openclaw');
  return existsSync(launcher) ? [launcher] : [process.execPath, resolve(process.argv[1] ?? 'openclaw')];
}
