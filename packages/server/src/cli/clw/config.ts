/** `clw config`: the gateways that `clw` knows by name, and which of them it asks. Tokens are shown only where somebody asks for them. */
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable, widthOf } from '../table.ts';
import { contextsFile, readContexts, writeContexts, type Context } from './contexts.ts';
import type { ClwContext } from './session.ts';
import { unknownContext } from './target.ts';

interface SetFlags {
  readonly current?: boolean;
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly certificate?: string;
  readonly namespace?: string;
}

interface ShowFlags {
  readonly output: 'table' | 'json';
  readonly showSecrets?: boolean;
}

export function registerConfigCommands(program: Command, { terminal, stdin }: ClwContext): void {
  const group = program.command('config').description('the gateways that clw knows by name');
  registerShowing(group, terminal);
  group
    .command('use-context')
    .description('ask this one from now on')
    .argument('<name>')
    .addHelpText('after', '\nExamples:\n  clw config use-context production\n')
    .action((name: string) => useContext(name, terminal));
  group
    .command('set-context')
    .description('add one, or change what is named of it; the first becomes the current one')
    .argument('[name]', 'its name')
    .option('--current', 'of the current one')
    .option('--server <url>', 'the address of the gateway; an empty one is the gateway of this machine')
    .option('--token <token>', 'its token, - for the standard input, empty for none; it is kept in the file')
    .option('--token-file <file>', 'a file that holds the token, read at each command')
    .option('--certificate <file>', 'PEM of whoever signed the certificate of the gateway')
    .option('-n, --namespace <namespace>', 'the namespace where none is named; empty for none')
    .addHelpText(
      'after',
      '\nExamples:\n  clw config set-context production --server https://claw.example.org --token-file ~/.claw-token -n production\n' +
        '  clw config set-context --current -n staging\n',
    )
    .action((name: string | undefined, flags: SetFlags) => setContext(name, flags, { terminal, stdin }));
  group
    .command('delete-context')
    .description('forget one')
    .argument('<name>')
    .addHelpText('after', '\nExamples:\n  clw config delete-context staging\n')
    .action((name: string) => deleteContext(name, terminal));
}

function registerShowing(group: Command, terminal: Terminal): void {
  group
    .command('get-contexts')
    .description('list them')
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText('after', '\nExamples:\n  clw config get-contexts\n  clw config get-contexts -o json\n')
    .action((flags: ShowFlags) => list(flags, terminal));
  group
    .command('current-context')
    .description('the one that is asked')
    .addHelpText('after', '\nExamples:\n  clw config current-context\n')
    .action(() => {
      const { current } = readContexts(terminal.env);
      if (current === undefined) throw noneChosen();
      terminal.stdout.write(`${current}\n`);
    });
  group
    .command('view')
    .description('all of it, as JSON, without the tokens')
    .option('--show-secrets', 'with the tokens')
    .addHelpText('after', '\nExamples:\n  clw config view\n  clw config view --show-secrets\n')
    .action((flags: ShowFlags) => view(flags, terminal));
}

function useContext(name: string, { env, stdout }: Terminal): void {
  const known = readContexts(env);
  if (!Object.hasOwn(known.contexts, name)) throw unknownContext(name, Object.keys(known.contexts));
  writeContexts(env, { ...known, current: name });
  stdout.write(`Switched to context "${name}".\n`);
}

function deleteContext(name: string, { env, stdout }: Terminal): void {
  const { contexts, current } = readContexts(env);
  if (!Object.hasOwn(contexts, name)) throw unknownContext(name, Object.keys(contexts));
  const others = Object.fromEntries(Object.entries(contexts).filter(([one]) => one !== name));
  writeContexts(env, { contexts: others, ...(current === undefined || current === name ? {} : { current }) });
  stdout.write(`deleted context ${name} from ${contextsFile(env)}\n`);
}

function view({ showSecrets }: ShowFlags, { env, stdout }: Terminal): void {
  const { contexts, ...rest } = readContexts(env);
  const shown = Object.entries(contexts).map(([name, context]) => [name, showSecrets === true ? context : withoutToken(context)]);
  stdout.write(`${JSON.stringify({ file: contextsFile(env), ...rest, contexts: Object.fromEntries(shown) }, null, 2)}\n`);
}

function noneChosen(): OpenClawError {
  return usage('No context is chosen: the gateway of this machine is asked', 'Choose one with `clw config use-context NAME`.');
}

function withoutToken({ token, ...context }: Context): Context {
  return token === undefined ? context : { ...context, token: 'REDACTED' };
}

function list({ output }: ShowFlags, { env, stdout, stderr }: Terminal): void {
  const { contexts, current } = readContexts(env);
  const known = Object.entries(contexts).map(([name, { server = '', namespace = '' }]) => ({
    name,
    server,
    namespace,
    current: name === current,
  }));
  if (output === 'json') stdout.write(`${JSON.stringify({ contexts: known }, null, 2)}\n`);
  else if (known.length === 0)
    stderr.write('There are none: the gateway of this machine is asked. `clw config set-context NAME --server URL` adds one.\n');
  else {
    const columns = ['CURRENT', 'NAME', 'SERVER', 'NAMESPACE'].map((heading) => ({ heading }));
    const rows = known.map((one) => [one.current ? '*' : '', one.name, one.server === '' ? '(this machine)' : one.server, one.namespace]);
    stdout.write(formatTable(columns, rows, { width: widthOf(stdout) }));
  }
}

async function setContext(
  named: string | undefined,
  flags: SetFlags,
  { terminal, stdin }: Pick<ClwContext, 'terminal' | 'stdin'>,
): Promise<void> {
  const known = readContexts(terminal.env);
  const name = flags.current === true ? known.current : named;
  if (name === undefined || name === '') {
    throw usage(
      flags.current === true ? 'No context is chosen' : 'No name was given',
      'Write it like clw config set-context production --server URL.',
    );
  }
  const before = Object.hasOwn(known.contexts, name) ? known.contexts[name] : undefined;
  const token = flags.token === '-' ? await readToken(stdin) : flags.token;
  const changes = {
    server: checkServer(flags.server),
    token,
    tokenFile: flags.tokenFile,
    certificateFile: flags.certificate,
    namespace: flags.namespace,
  };
  // A token beside a file of one would leave open which is meant.
  const cleared = { ...before, ...(token === undefined ? {} : { tokenFile: '' }), ...(flags.tokenFile === undefined ? {} : { token: '' }) };
  const merged = { ...cleared, ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) };
  const context = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
  writeContexts(terminal.env, { ...known, current: known.current ?? name, contexts: { ...known.contexts, [name]: context } });
  terminal.stdout.write(`Context "${name}" ${before ? 'modified' : 'created'}.\n`);
}

function checkServer(server: string | undefined): string | undefined {
  if (server === undefined || server === '') return server;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '') return url.origin;
  throw usage(
    `${url?.username ? 'The address holds a credential' : `${server} is no http or https address`}`,
    'Write it like https://claw.example.org.',
  );
}

async function readToken(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += Buffer.from(piece).toString('utf8');
    if (text.length > 65_536) throw usage('That is no token', 'A token is a single line.');
  }
  return text.trim();
}

function usage(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason, suggestion } });
}
