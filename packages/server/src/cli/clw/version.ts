/** `clw version`: of this program, and of the gateway that it asks. */
import type { Command } from 'commander';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { version } from '../../version.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { withSession, type ClwContext } from './session.ts';

interface Flags extends PlaceFlags {
  readonly output: 'text' | 'json';
  readonly client?: boolean;
}

export function registerVersionCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('version'))
    .description('print the version of this program and of the gateway')
    .option('--client', 'of this program alone')
    .option('-o, --output <format>', 'how to print: text, json', 'text')
    .addHelpText('after', '\nExamples:\n  clw version\n  clw version --client\n')
    .action((flags: Flags) => printVersion(flags, context));
}

async function printVersion(flags: Flags, context: ClwContext): Promise<void> {
  const { stdout, stderr } = context.terminal;
  const server = flags.client === true ? undefined : await serverVersion(flags, context);
  if (server instanceof OpenClawError) {
    stderr.write(`clw: ${server.message}\n  ${server.hint}\n`);
    context.setExitCode(1);
  }
  const known = typeof server === 'string' ? { server } : {};
  if (flags.output === 'json') stdout.write(`${JSON.stringify({ client: version, ...known })}\n`);
  else stdout.write(`client ${version}\n${typeof server === 'string' ? `server ${server}\n` : ''}`);
}

async function serverVersion(flags: Flags, context: ClwContext): Promise<string | OpenClawError> {
  try {
    return await withSession(context, flags, async ({ api }) => (await api.version()).gitVersion);
  } catch (thrown) {
    return thrown instanceof OpenClawError
      ? thrown
      : new OpenClawError('command_refused', { details: { reason: reasonOf(thrown), suggestion: '' } });
  }
}
