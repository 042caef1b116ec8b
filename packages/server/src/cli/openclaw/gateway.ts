/** `openclaw gateway run`: its options. What it does: `run-gateway.ts`. The other commands of the group: `gateway-commands.ts`. */
import { parseUnit } from '@openclaw/protocol';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { memoryLimitBytes } from '../../core/process-load.ts';
import { describeSmallMemory } from '../../operations/memory/need.ts';
import type { RunFlags } from './run-gateway.ts';
import type { CommandContext } from '../terminal.ts';

export function registerGatewayCommands({ program, terminal, setExitCode }: CommandContext): Command {
  const group = program.command('gateway').description('run the gateway, look after it, stop it');
  addRunOptions(group.command('run'))
    .description('run the gateway in the foreground')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw gateway run\n  openclaw gateway run --port 8080\n  OPENCLAW_GATEWAY_TOKEN=… openclaw gateway run --bind lan\n',
    )
    .action(async (flags: RunFlags) => {
      // Before anything large is loaded: a process that the kernel ends on the way says nothing more.
      const small = describeSmallMemory(memoryLimitBytes());
      if (small !== undefined) terminal.stderr.write(`openclaw: ${small}\n`);
      // The database's thread takes as long to boot as everything else to load, so it begins first.
      const { startStorageThread } = await import('../../storage/index.ts');
      const storageThread = startStorageThread();
      try {
        const { runGateway } = await import('./run-gateway.ts');
        setExitCode(await runGateway(flags, { terminal, storageThread }));
      } finally {
        // A start that broke before anybody had the thread: it alone would keep the process.
        await storageThread.end();
      }
    });
  return group;
}

function addRunOptions(command: Command): Command {
  return command
    .option('--port <port>', 'TCP port (gateway.port)')
    .addOption(new Option('--bind <where>', 'where to listen (gateway.bind)').choices(['loopback', 'lan', 'custom']))
    .option('--config <file>', 'the configuration file')
    .option('--state-dir <directory>', 'the state directory')
    .option('--rescue', 'serve no models until an operator has looked at the configuration (OPENCLAW_RESCUE=1)')
    .addOption(new Option('--log-level <level>', 'the least important lines that are written (logging.level)'))
    .addOption(
      new Option('--state-wait <time>', 'how long to wait, alive and unready, for a process that holds the state directory')
        .argParser(parseWait)
        .default(60_000, '60s'),
    );
}

function parseWait(text: string): number {
  const waitMs = parseUnit(text, 'ms');
  if (waitMs === undefined) throw new InvalidArgumentError('Write a time such as 30s or 0.');
  return waitMs;
}
