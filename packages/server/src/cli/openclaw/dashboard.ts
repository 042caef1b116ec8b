/**
 * `openclaw dashboard`: the address of the Control UI, opened in a browser where there is one.
 *
 * The token stands in the fragment, which browsers send to nobody; never in the query.
 */
import type { Command } from 'commander';
import type { GatewayTarget, TargetFlags } from '../gateway-target.ts';
import { addOutput, addTargetFlags, type OutputFlags } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface DashboardContext {
  readonly io: Terminal;
  readonly findTarget: (flags: TargetFlags) => Promise<GatewayTarget>;
  /** @returns whether a browser was started */
  readonly openBrowser: (url: string) => Promise<boolean>;
}

type Flags = TargetFlags & OutputFlags & { readonly open: boolean };

export function registerDashboardCommand(program: Command, context: DashboardContext): void {
  addOutput(addTargetFlags(program.command('dashboard')))
    .description('print the address of the Control UI, with its token, and open it')
    .option('--no-open', 'only print it')
    .addHelpText('after', '\nExamples:\n  openclaw dashboard\n  openclaw dashboard --no-open\n')
    .action((flags: Flags) => dashboard(flags, context));
}

async function dashboard(flags: Flags, { io, findTarget, openBrowser }: DashboardContext): Promise<void> {
  const target = await findTarget(flags);
  const url = dashboardUrl(target);
  const { token } = target.auth;
  io.stdout.write(flags.output === 'json' ? `${JSON.stringify({ url, hasToken: token !== undefined })}\n` : `${url}\n`);
  if (flags.open && !(await openBrowser(url))) io.stderr.write('No browser could be opened here: open the address yourself.\n');
  if (token !== undefined) io.stderr.write('Who has this address has the token: keep it to yourself.\n');
  else if (target.auth.password !== undefined) io.stderr.write('The page asks for the password.\n');
  if (!target.isLoopback && url.startsWith('http:')) {
    io.stderr.write('The address is not encrypted: use gateway.tls, an SSH tunnel or a proxy where others can listen.\n');
  }
}

export function dashboardUrl({ url, auth }: Pick<GatewayTarget, 'url' | 'auth'>): string {
  const page = new URL(url.replace(/^ws/, 'http'));
  if (auth.token !== undefined) page.hash = `token=${encodeURIComponent(auth.token)}`;
  return page.href;
}
