/** Every command of `openclaw`, each loaded only when it is needed. A new command is a file beside this one and a line here. */
import { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { version } from '../../version.ts';
import type { RunCommandContext } from './agent.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

export const commands = {
  async init({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerInitCommand }, { knownProviders, providersFromEnvironment }] = await Promise.all([
      import('./init.ts'),
      import('../../models/known-providers.ts'),
    ]);
    registerInitCommand(program, {
      ...terminal,
      vendors: knownProviders,
      findProviders: (environment) =>
        providersFromEnvironment((name) => environment.lookup(name)?.value).map(({ vendor, keyVariable }) => ({
          id: vendor.id,
          keyVariable,
        })),
    });
  },
  async gateway(context: CommandContext): Promise<void> {
    const [{ registerGatewayCommands }, { registerGatewayControl }] = await Promise.all([
      import('./gateway.ts'),
      import('./gateway-commands.ts'),
    ]);
    registerGatewayControl(registerGatewayCommands(context), context);
  },
  async health({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerHealthCommand }, { createConnect }] = await Promise.all([import('./health.ts'), import('./control.ts')]);
    registerHealthCommand(program, { io: terminal, connect: createConnect(terminal), setExitCode });
  },
  async status({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerStatusCommand }, { createConnect }] = await Promise.all([import('./status.ts'), import('./control.ts')]);
    registerStatusCommand(program, { io: terminal, connect: createConnect(terminal), setExitCode });
  },
  async cron({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerCronCommands }, { createConnect }] = await Promise.all([import('./cron.ts'), import('./control.ts')]);
    registerCronCommands(program, { io: terminal, connect: createConnect(terminal), setExitCode });
  },
  async devices({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerDevicesCommands }, { createUseDevices }, { createConnect }] = await Promise.all([
      import('./devices.ts'),
      import('./devices-client.ts'),
      import('./control.ts'),
    ]);
    registerDevicesCommands(program, { io: terminal, useDevices: createUseDevices(terminal, createConnect(terminal)) });
  },
  async dashboard({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerDashboardCommand }, { findTarget }, { openBrowser }] = await Promise.all([
      import('./dashboard.ts'),
      import('../gateway-target.ts'),
      import('./programs.ts'),
    ]);
    registerDashboardCommand(program, {
      io: terminal,
      findTarget: (flags) => findTarget(flags, terminal.env),
      openBrowser: (url) => openBrowser(url, terminal.env),
    });
  },
  async agent({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const { registerAgentCommand } = await import('./agent.ts');
    registerAgentCommand(program, { ...(await runContext(terminal)), setExitCode });
  },
  async runs({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const { registerRunsCommands } = await import('./runs.ts');
    registerRunsCommands(program, { ...(await runContext(terminal)), setExitCode });
  },
  async sessions({ program, terminal }: CommandContext): Promise<void> {
    const { registerSessionsCommands } = await import('./sessions.ts');
    registerSessionsCommands(program, await runContext(terminal));
  },
  async channels({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerChannelsCommands }, { createChannelsClient }] = await Promise.all([
      import('./channels.ts'),
      import('./channels-access.ts'),
    ]);
    registerChannelsCommands(program, { io: terminal, channels: createChannelsClient(terminal) });
  },
  async config({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerConfigCommands }, { knownProviders }] = await Promise.all([
      import('./config.ts'),
      import('../../models/known-providers.ts'),
    ]);
    registerConfigCommands(program, { ...terminal, vendors: knownProviders });
  },
  async secrets({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerSecretsCommands }, { readSecretsStatus }] = await Promise.all([
      import('./secrets.ts'),
      import('../../config/index.ts'),
    ]);
    registerSecretsCommands(program, { io: terminal, clock: systemClock, setExitCode, known: readSecretsStatus });
  },
  async keys({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerKeysCommands }, { createAdmin }] = await Promise.all([import('./keys.ts'), import('./admin.ts')]);
    const modelNames = async (): Promise<string[]> => {
      const { createModelsClient } = await import('./models-access.ts');
      return (await createModelsClient(terminal).list()).map(({ name }) => name);
    };
    registerKeysCommands(program, { io: terminal, admin: createAdmin(terminal), clock: systemClock, modelNames });
  },
  async usage({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerUsageCommand }, { createAdmin }] = await Promise.all([import('./usage.ts'), import('./admin.ts')]);
    registerUsageCommand(program, { io: terminal, admin: createAdmin(terminal), clock: systemClock });
  },
  async models({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerModelsCommands }, { createModelsClient }, { registerModelsStatusCommands }, { createSightClient }] = await Promise.all(
      [import('./models.ts'), import('./models-access.ts'), import('./models-status.ts'), import('./sight.ts')],
    );
    const { setTimeout: wait } = await import('node:timers/promises');
    registerModelsCommands(program, { io: terminal, models: createModelsClient(terminal), setExitCode });
    registerModelsStatusCommands(program, { io: terminal, sight: createSightClient(terminal), wait: (ms) => wait(ms) });
  },
  async trace({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerTraceCommand }, { createSightClient }] = await Promise.all([import('./trace.ts'), import('./sight.ts')]);
    registerTraceCommand(program, { io: terminal, sight: createSightClient(terminal) });
  },
  async doctor({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerDoctorCommands }, { createSightClient }] = await Promise.all([import('./doctor.ts'), import('./sight.ts')]);
    // The parts are loaded once the doctor is called, and not for its help.
    const here = async () => import('./doctor-facts.ts');
    const doctor = registerDoctorCommands(program, {
      ...{ io: terminal, sight: createSightClient(terminal), setExitCode },
      diagnose: async () => (await here()).diagnoseHere(terminal),
      diagnoseSecurity: async () => (await here()).diagnoseSecurityHere(terminal),
      fix: async (options) => (await here()).fixHere(terminal, options),
    });
    const [{ registerDoctorContainer }, { registerDoctorPod, registerDoctorService }] = await Promise.all([
      import('./doctor-container.ts'),
      import('./doctor-pod.ts'),
    ]);
    registerDoctorContainer(doctor, { terminal, setExitCode });
    registerDoctorPod(doctor, { terminal, setExitCode });
    registerDoctorService(doctor, { terminal, setExitCode });
  },
  async deploy({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const [{ registerDeployCommand }, { registerDeployCheck }] = await Promise.all([import('./deploy.ts'), import('./deploy-check.ts')]);
    const deploy = registerDeployCommand(program, {
      io: terminal,
      describe: async (wishes) => (await import('./deploy-facts.ts')).describeDeployment(terminal, wishes),
    });
    registerDeployCheck(deploy, {
      io: terminal,
      check: async (wishes) => (await import('./deploy-check-facts.ts')).checkHere(wishes, terminal),
      setExitCode,
    });
  },
  async audit({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerAuditCommand }, { createAuditClient }] = await Promise.all([import('./audit.ts'), import('./audit-access.ts')]);
    registerAuditCommand(program, { io: terminal, audit: createAuditClient(terminal) });
  },
  async kubeconfig({ program, terminal }: CommandContext): Promise<void> {
    const { registerKubeconfigCommand } = await import('./kubeconfig.ts');
    registerKubeconfigCommand(program, terminal);
  },
  async logs({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerLogsCommands, setLogLevel }, { createUseLog, linesBetween }, { createConnect }, { setTimeout: wait }] =
      await Promise.all([import('./logs.ts'), import('./log-access.ts'), import('./control.ts'), import('node:timers/promises')]);
    registerLogsCommands(program, {
      io: terminal,
      useLog: createUseLog(terminal, createConnect(terminal)),
      wait: (ms) => wait(ms),
      setLevel: (level) => setLogLevel(level, terminal),
      between: (range) => linesBetween(terminal, range),
    });
  },
  async state({ program, terminal }: CommandContext): Promise<void> {
    const { registerStateCommands } = await import('./state.ts');
    registerStateCommands(program, terminal);
  },
  async backup(context: CommandContext): Promise<void> {
    const { registerBackupCommands } = await import('./backup.ts');
    registerBackupCommands(context);
  },
  async volumes({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const { registerVolumesCommands } = await import('./volumes.ts');
    registerVolumesCommands({ program, terminal, setExitCode });
  },
  async rollback({ program, terminal }: CommandContext): Promise<void> {
    const { registerRollbackCommand } = await import('./state.ts');
    registerRollbackCommand(program, terminal);
  },
  async retention({ program, terminal }: CommandContext): Promise<void> {
    const { registerRetentionCommand } = await import('./retention.ts');
    registerRetentionCommand({ program, terminal });
  },
  async completion({ program, terminal, setExitCode }: CommandContext): Promise<void> {
    const { registerCompletionCommand } = await import('../completion.ts');
    const everything = async (): Promise<Command> => {
      const all = new Command('openclaw').version(version, '-V, --version', 'print the version');
      await registerEverything({ program: all, terminal, setExitCode });
      return all;
    };
    registerCompletionCommand(program, { io: terminal, everything });
  },
} as const;

async function runContext(terminal: Terminal): Promise<Omit<RunCommandContext, 'setExitCode'>> {
  const { createUseOpenClaw } = await import('./runs-access.ts');
  const interrupts = (listener: () => void): (() => void) => {
    process.on('SIGINT', listener);
    return () => void process.off('SIGINT', listener);
  };
  return { io: terminal, useOpenClaw: createUseOpenClaw(terminal), interrupts };
}

export type CommandName = keyof typeof commands;

export async function registerEverything(context: CommandContext): Promise<void> {
  for (const register of Object.values(commands)) await register(context);
}
