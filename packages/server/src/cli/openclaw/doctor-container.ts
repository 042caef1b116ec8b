/** `openclaw doctor container`: why any container of Docker does not stay up. It asks and prints; what it finds: `operations/diagnose`. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Terminal } from '../terminal.ts';

export interface DoctorContainerContext {
  readonly terminal: Terminal;
  readonly setExitCode: (code: number) => void;
}

interface Flags {
  readonly output: 'text' | 'json';
  readonly json?: boolean;
  readonly logs?: string;
  readonly events?: string;
  readonly dockerHost?: string;
}

const examples = `
It only looks: nothing is started, stopped or changed, and no value of the environment is shown. The exit code is 1 if something is broken.

Examples:
  openclaw doctor container web
  openclaw doctor container web -o json
  openclaw doctor container web --logs web.log    # of one that is gone: what was kept of its output
`;

export function registerDoctorContainer(doctor: Command, context: DoctorContainerContext): void {
  doctor
    .command('container')
    .argument('<name|id>', 'of any container, running or not')
    .description('find out why a container restarts or does not start')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--json', 'the same as -o json')
    .option('--logs <file>', 'its output as it was kept, instead of what Docker keeps')
    .option('--events <file>', "its events as `docker events --format '{{json .}}'` has stored them, beside what Docker remembers")
    .option('--docker-host <url>', 'where Docker is, else DOCKER_HOST, else /var/run/docker.sock')
    .addHelpText('after', examples)
    .action((name: string, _flags: object, command: Command) => diagnose(name, command.optsWithGlobals<Flags>(), context));
}

async function diagnose(container: string, flags: Flags, { terminal, setExitCode }: DoctorContainerContext): Promise<void> {
  const [{ diagnoseContainer, createLiveLookout }, { Engine, addressOf }, { placeOf, usualSocket }, { systemClock }, { diagnosisText }] =
    await Promise.all([
      import('../../operations/diagnose/index.ts'),
      import('../../docker-engine/engine.ts'),
      import('../../docker-engine/place.ts'),
      import('../../core/clock.ts'),
      import('./diagnosis-text.ts'),
    ]);
  const kept = { keptOutput: await readKept(flags.logs), keptEvents: await readKept(flags.events) };
  const place = placeOf(flags.dockerHost ?? terminal.env['DOCKER_HOST'] ?? usualSocket);
  const engine = new Engine(place);
  const stop = new AbortController();
  try {
    const lookout = createLiveLookout(engine, systemClock, stop.signal);
    const diagnosis = await diagnoseContainer(lookout, {
      ...{ container, engineAddress: addressOf(place) },
      ...(kept.keptOutput === undefined ? {} : { keptOutput: kept.keptOutput }),
      ...(kept.keptEvents === undefined ? {} : { keptEvents: kept.keptEvents }),
    });
    const isJson = flags.output === 'json' || flags.json === true;
    terminal.stdout.write(isJson ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisText(diagnosis));
    if (diagnosis.broken) setExitCode(1);
  } finally {
    stop.abort();
    engine.close();
  }
}

async function readKept(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new OpenClawError('command_refused', {
      details: { reason: `${path} cannot be read: ${reasonOf(thrown)}`, suggestion: 'Name a file of text.' },
      cause: thrown,
    });
  }
}
