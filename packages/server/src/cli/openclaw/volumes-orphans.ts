/** `openclaw volumes orphans` and `prune`: volumes of Docker that no container uses. Nothing is removed that was not shown before. */
import { type Command, Option } from 'commander';
import { sizeInWords } from '../../operations/backup/index.ts';
import type { DockerVolume } from '../../operations/volumes/index.ts';
import type { Engine } from '../../docker-engine/engine.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { formatTable, widthOf } from '../table.ts';
import type { CommandContext, Terminal } from '../terminal.ts';

type Context = Pick<CommandContext, 'terminal' | 'setExitCode'>;

interface Flags {
  readonly output: 'text' | 'json';
  readonly dockerHost?: string;
}

interface PruneFlags extends Flags {
  readonly all?: boolean;
  readonly yes?: boolean;
}

export function registerOrphans(group: Command, context: Context): void {
  withEngineFlag(group.command('orphans'))
    .description('volumes of Docker that no container uses, and which of them hold a state of OpenClaw')
    .addHelpText('after', '\nExamples:\n  openclaw volumes orphans\n  openclaw volumes orphans -o json\n')
    .action((_flags: object, command: Command) => orphans(command.optsWithGlobals<Flags>(), context));
  withEngineFlag(group.command('prune'))
    .description('remove orphaned volumes of Docker; without --yes it only shows which')
    .argument('[names...]', 'only these; a volume with a state of OpenClaw goes only by its name')
    .option('--all', 'those too that have a name')
    .option('--yes', 'remove what is shown')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw volumes prune\n  openclaw volumes prune --yes\n  openclaw volumes prune old-openclaw-state --yes\n',
    )
    .action((names: readonly string[], _flags: object, command: Command) => prune(names, command.optsWithGlobals<PruneFlags>(), context));
}

function withEngineFlag(command: Command): Command {
  return command.addOption(new Option('--docker-host <url>', 'where Docker is, else DOCKER_HOST, else /var/run/docker.sock'));
}

async function orphans(flags: Flags, { terminal }: Context): Promise<void> {
  const { listDockerVolumes, orphansOf } = await import('../../operations/volumes/index.ts');
  await withEngine(flags, terminal, async (engine) => {
    const found = orphansOf(await listDockerVolumes(engine));
    if (flags.output === 'json') terminal.stdout.write(asJson({ orphans: found }));
    else if (found.length === 0) terminal.stderr.write('Every volume of Docker is used by a container.\n');
    else
      terminal.stdout.write(
        table(
          found.map((volume) => [...cells(volume)]),
          ['NAME', 'MADE', 'SIZE', 'STATE OF OPENCLAW'],
          terminal,
        ),
      );
  });
}

async function prune(names: readonly string[], flags: PruneFlags, { terminal, setExitCode }: Context): Promise<void> {
  const { listDockerVolumes, planPrune, removeVolumes } = await import('../../operations/volumes/index.ts');
  await withEngine(flags, terminal, async (engine) => {
    const plan = planPrune(await listDockerVolumes(engine), { names, all: flags.all === true });
    const rows = [
      ...plan.go.map((volume) => [...cells(volume), 'goes']),
      ...plan.stay.map(({ volume, reason }) => [...cells(volume), `stays: ${reason}`]),
    ];
    // What goes is shown before it goes.
    if (flags.output === 'text' && rows.length > 0)
      terminal.stdout.write(table(rows, ['NAME', 'MADE', 'SIZE', 'STATE OF OPENCLAW', 'FATE'], terminal));
    const done = flags.yes === true ? await removeVolumes(engine, plan.go) : { removed: [], refused: [] };
    if (flags.output === 'json') terminal.stdout.write(asJson({ ...plan, ...done }));
    for (const { name, reason } of done.refused) terminal.stderr.write(`${name} was not removed: ${reason}.\n`);
    if (done.refused.length > 0) setExitCode(1);
    if (plan.go.length === 0) terminal.stderr.write('Nothing is to be removed.\n');
    else if (flags.yes !== true) terminal.stderr.write('Nothing was removed: --yes removes what goes.\n');
    else terminal.stderr.write(`${done.removed.length} removed.\n`);
  });
}

async function withEngine(flags: Flags, { env }: Terminal, use: (engine: Engine) => Promise<void>): Promise<void> {
  const [{ Engine, EngineError, addressOf }, { placeOf, usualSocket }] = await Promise.all([
    import('../../docker-engine/engine.ts'),
    import('../../docker-engine/place.ts'),
  ]);
  const place = placeOf(flags.dockerHost ?? env['DOCKER_HOST'] ?? usualSocket);
  const engine = new Engine(place);
  try {
    await use(engine);
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    const suggestion = `Run it on the machine of Docker, as a user who may open ${addressOf(place)}, or name another with --docker-host.`;
    throw new OpenClawError('volume_kept', { details: { reason: reasonOf(thrown), suggestion }, cause: thrown });
  } finally {
    engine.close();
  }
}

function cells({ name, createdAt, bytes, holdsState }: DockerVolume): readonly string[] {
  return [
    name,
    createdAt?.slice(0, 10) ?? '-',
    bytes === undefined ? '?' : sizeInWords(bytes),
    holdsState === 'unknown' ? '?' : holdsState,
  ];
}

function table(rows: readonly (readonly string[])[], headings: readonly string[], { stdout }: Terminal): string {
  const columns = headings.map((heading) => ({
    heading,
    ...(heading === 'NAME' && { cut: 'never' as const }),
    ...(heading === 'SIZE' && { align: 'right' as const }),
  }));
  return formatTable(columns, rows, { width: widthOf(stdout) });
}

function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
