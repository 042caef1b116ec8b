/**
 * `openclaw kubeconfig`: what `kubectl` needs to speak to this gateway: its address, its certificate where it is its own, and the token.
 *
 * Written as JSON, which is YAML too. What `/api` and `/apis` answer is not its business: see `gateway/kubernetes`.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { hostNameOf } from '../../core/caller-place.ts';
import { findPlace } from './place.ts';
import type { Terminal } from './terminal.ts';

interface Flags {
  readonly server?: string;
  readonly token?: string;
  readonly certificate?: string;
  readonly name: string;
  readonly write?: string;
  readonly force?: boolean;
}

export function registerKubeconfigCommand(program: Command, terminal: Terminal): void {
  program
    .command('kubeconfig')
    .description('print a kubeconfig for this gateway, with its token: kubectl then shows and changes its workloads')
    .option('--server <url>', 'the address that kubectl is to use (default: the gateway that runs here)')
    .option('--token <token>', "the token in it (default: the gateway's own, for the gateway of this configuration alone)")
    .option('--certificate <file>', 'PEM of whoever signed the certificate (default: the one that the gateway made for itself)')
    .option('--name <name>', 'name of cluster, user and context', 'openclaw')
    .option('--write <file>', 'write it there, readable by you alone, instead of printing it')
    .option('--force', 'replace that file')
    .addHelpText('after', help)
    .action((flags: Flags) => kubeconfig(flags, terminal));
}

const help = `
kubectl sends no token over plain http, so the gateway needs gateway.tls.enabled. Which commands of kubectl work: docs/workloads-api.md.

Examples:
  openclaw kubeconfig --write ~/.kube/openclaw && kubectl --kubeconfig ~/.kube/openclaw get workloads
  openclaw kubeconfig --server https://claw.example.org --token "$TOKEN"
`;

async function kubeconfig(flags: Flags, terminal: Terminal): Promise<void> {
  const { gateway } = await findPlace(
    flags.server === undefined ? terminal : { ...terminal, env: { ...terminal.env, OPENCLAW_GATEWAY_URL: flags.server } },
  );
  if (gateway === undefined) {
    throw usage('no gateway runs here', 'Start it with `openclaw gateway run`, or name one with --server.');
  }
  const server = addressOf(gateway.address);
  const certificate = flags.certificate === undefined ? gateway.certificate : readCertificate(flags.certificate);
  const text = `${JSON.stringify(document({ name: flags.name, server, certificate, token: flags.token ?? gateway.secret }), null, 2)}\n`;
  if (flags.write === undefined) terminal.stdout.write(text);
  else writeTo(resolve(flags.write), text, { force: flags.force === true, terminal });
  if (flags.token === undefined && gateway.secret === undefined) terminal.stderr.write('It holds no token: name one with --token.\n');
  if (server.startsWith('http:')) terminal.stderr.write('kubectl sends no token over plain http: set gateway.tls.enabled to true.\n');
}

interface Content {
  readonly name: string;
  readonly server: string;
  readonly certificate: string | undefined;
  readonly token: string | undefined;
}

function document({ name, server, certificate, token }: Content): object {
  const authority = certificate === undefined ? {} : { 'certificate-authority-data': Buffer.from(certificate).toString('base64') };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...authority } }],
    users: [{ name, user: token === undefined ? {} : { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

/** As kubectl wants it: no path, and an address that somebody can connect to. */
function addressOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw usage(`${address} is no http or https address`, 'Write it like https://claw.example.org.');
  if (url.username !== '' || url.password !== '') throw usage('the address holds a credential', 'Name the token with --token.');
  return hostNameOf(url.host) === '0.0.0.0' ? `${url.protocol}//127.0.0.1:${url.port}` : url.origin;
}

function readCertificate(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    // Whatever else stands there would end in a kubeconfig that no kubectl reads.
    new X509Certificate(text);
    return text;
  } catch (thrown) {
    throw usage(`${file} holds no certificate: ${reasonOf(thrown)}`, 'It must be a certificate in PEM.');
  }
}

interface WriteOptions {
  readonly force: boolean;
  readonly terminal: Terminal;
}

function writeTo(file: string, text: string, { force, terminal }: WriteOptions): void {
  if (!force && existsSync(file)) throw usage(`${file} is there already`, 'Name another file, or replace it with --force.');
  // A new file in the place of the old one: whoever could read that, or has a link there, gets nothing of this.
  const spare = `${file}.${process.pid}.new`;
  try {
    writeFileSync(spare, text, { mode: 0o600, flag: 'wx' });
    renameSync(spare, file);
  } catch (thrown) {
    rmSync(spare, { force: true });
    throw usage(`${file} cannot be written: ${reasonOf(thrown)}`, 'Name another file.');
  }
  terminal.stderr.write(`Written to ${file}. Who has it has the token. Use it with: kubectl --kubeconfig ${file}\n`);
}

function usage(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason, suggestion } });
}
