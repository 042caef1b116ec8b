/**
 * Which cluster `openclaw doctor pod` asks, and as whom: flags, else a kubeconfig as `kubectl` finds it, else the cluster that this runs in, else the gateway of
 * this machine, whose workloads have pods too. A program that a kubeconfig names for its credential is run, as `kubectl` does. Nothing is written.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { nearestName } from '../../core/nearest-name.ts';
import type { ClusterAccess } from '../../operations/diagnose/index.ts';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly server?: string;
  readonly token?: string;
  readonly certificate?: string;
  readonly namespace?: string;
  /** The gateway of this machine, whatever kubeconfig there is. */
  readonly gateway?: boolean;
}

export interface ClusterPlace {
  readonly access: ClusterAccess;
  readonly namespace: string;
}

const inCluster = '/var/run/secrets/kubernetes.io/serviceaccount';
const defaultNamespace = 'default';
const credentialLimitMs = 30_000;

/** @throws OpenClawError `kubeconfig_unusable`, or what the gateway's own configuration throws */
export async function findCluster(flags: ClusterFlags, env: Variables): Promise<ClusterPlace> {
  const named = flags.namespace === undefined ? {} : { namespace: flags.namespace };
  if (flags.server !== undefined) {
    const access = {
      server: parseServer(flags.server),
      ...(flags.token === undefined ? {} : { token: flags.token }),
      ...(flags.certificate === undefined ? {} : { authority: readText(flags.certificate, '--certificate') }),
    };
    return { access, namespace: defaultNamespace, ...named };
  }
  if (flags.gateway === true) return { ...(await ownGateway(flags, env)), ...named };
  const files = kubeconfigFiles(flags, env);
  if (files.length > 0) return { ...(await fromKubeconfig(files, flags, env)), ...named };
  if (existsSync(join(inCluster, 'token'))) return { ...ownCluster(env), ...named };
  return { ...(await ownGateway(flags, env)), ...named };
}

function kubeconfigFiles({ kubeconfig, context }: ClusterFlags, env: Variables): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const environment = readEnvironment({ env });
  const listed = (environment.lookup('KUBECONFIG')?.value ?? '').split(delimiter).filter((file) => file !== '' && existsSync(file));
  if (listed.length > 0) return listed;
  const usual = join(environment.lookup('HOME')?.value ?? homedir(), '.kube', 'config');
  if (existsSync(usual)) return [usual];
  if (context !== undefined) throw unusable(usual, 'there is no such file, and --context names one of its contexts');
  return [];
}

interface Named {
  readonly value: JsonObject;
  /** Paths in it count from there. */
  readonly directory: string;
}

async function fromKubeconfig(files: readonly string[], flags: ClusterFlags, env: Variables): Promise<ClusterPlace> {
  const documents = await Promise.all(files.map(readDocument));
  const [file = ''] = files;
  const find = (list: string, name: string): Named | undefined =>
    documents.flatMap(({ document, directory }): Named[] => {
      const found = entriesOf(document[list]).find((entry) => entry['name'] === name);
      const value = found?.[list.slice(0, -1)];
      return isJsonObject(value) ? [{ value, directory }] : [];
    })[0];
  const current = documents.map(({ document }) => textOf(document['current-context'])).find((name) => name !== undefined && name !== '');
  const name = flags.context ?? current;
  if (name === undefined) throw unusable(file, 'it has no current context: name one with --context');
  const context = find('contexts', name)?.value;
  if (context === undefined) {
    const names = documents.flatMap(({ document }) => entriesOf(document['contexts']).map((entry) => textOf(entry['name']) ?? ''));
    const near = nearestName(name, names);
    throw unusable(file, `it has no context ${name}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const cluster = find('clusters', textOf(context['cluster']) ?? '');
  const server = textOf(cluster?.value['server']);
  if (cluster === undefined || server === undefined) throw unusable(file, `the cluster of its context ${name} is not in it`);
  const user = find('users', textOf(context['user']) ?? '');
  const credential = user === undefined ? {} : await credentialOf(user, env, file);
  const authority = pem(cluster, 'certificate-authority');
  const serverName = textOf(cluster.value['tls-server-name']);
  return {
    access: {
      ...{ server: parseServer(server), ...credential },
      ...(flags.token === undefined ? {} : { token: flags.token }),
      ...(authority === undefined ? {} : { authority }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(cluster.value['insecure-skip-tls-verify'] === true ? { trustsAnybody: true } : {}),
    },
    namespace: textOf(context['namespace']) ?? defaultNamespace,
  };
}

async function readDocument(file: string): Promise<{ readonly document: JsonObject; readonly directory: string }> {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(readText(file, 'the kubeconfig'));
  } catch (thrown) {
    if (thrown instanceof OpenClawError) throw thrown;
    // The message quotes the text, in which tokens lie.
    throw unusable(file, 'it is not YAML');
  }
  if (!isJsonObject(document)) throw unusable(file, 'it is no kubeconfig');
  return { document, directory: dirname(resolve(file)) };
}

type Credential = Pick<ClusterAccess, 'token' | 'certificate' | 'key'>;

async function credentialOf(user: Named, env: Variables, file: string): Promise<Credential> {
  const { value, directory } = user;
  const tokenFile = textOf(value['tokenFile']);
  const token = textOf(value['token']) ?? (tokenFile === undefined ? undefined : readText(resolve(directory, tokenFile), file).trim());
  const [certificate, key] = [pem(user, 'client-certificate'), pem(user, 'client-key')];
  if (token === undefined && certificate === undefined && isJsonObject(value['exec']))
    return runCredentialProgram(value['exec'], user, { env, file });
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

/** As the clusters of clouds have it: `aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin`. */
async function runCredentialProgram(
  exec: JsonObject,
  { directory }: Named,
  { env, file }: { readonly env: Variables; readonly file: string },
): Promise<Credential> {
  const command = textOf(exec['command']) ?? '';
  const program = command.includes('/') ? resolve(directory, command) : command;
  const words = Array.isArray(exec['args']) ? exec['args'].filter((word) => typeof word === 'string') : [];
  const own = entriesOf(exec['env']).map((entry): [string, string] => [textOf(entry['name']) ?? '', textOf(entry['value']) ?? '']);
  const apiVersion = textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1';
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } });
  let answer: unknown;
  try {
    const { stdout } = await promisify(execFile)(program, words, {
      env: { ...env, ...Object.fromEntries(own), KUBERNETES_EXEC_INFO: info },
      timeout: credentialLimitMs,
    });
    answer = JSON.parse(stdout);
  } catch (thrown) {
    throw unusable(file, `${command}, which it names for the credential, fails: ${reasonOf(thrown).split('\n')[0]}`);
  }
  const status = isJsonObject(answer) && isJsonObject(answer['status']) ? answer['status'] : {};
  const [token, certificate, key] = [textOf(status['token']), textOf(status['clientCertificateData']), textOf(status['clientKeyData'])];
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

function ownCluster(env: Variables): ClusterPlace {
  const environment = readEnvironment({ env });
  const [host, port] = ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'].map((name) => environment.lookup(name)?.value);
  const address = host === undefined ? 'kubernetes.default.svc' : host.includes(':') ? `[${host}]` : host;
  const read = (name: string): string => readText(join(inCluster, name), 'the service account').trim();
  return {
    access: { server: `https://${address}:${port ?? '443'}`, token: read('token'), authority: read('ca.crt') },
    namespace: read('namespace'),
  };
}

async function ownGateway({ token }: ClusterFlags, env: Variables): Promise<ClusterPlace> {
  const { findTarget } = await import('../gateway-target.ts');
  const { url, auth, certificate, problem } = await findTarget(token === undefined ? {} : { token }, env);
  const sent = auth.token ?? auth.password;
  if (sent === undefined && problem) throw problem;
  const access = {
    server: url.replace(/^ws/, 'http'),
    ...(sent === undefined ? {} : { token: sent }),
    ...(certificate === undefined ? {} : { authority: certificate }),
  };
  return { access, namespace: defaultNamespace };
}

/** In the text itself, or in a file beside it. */
function pem({ value, directory }: Named, name: string): string | undefined {
  const data = textOf(value[`${name}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(value[name]);
  return file === undefined ? undefined : readText(resolve(directory, file), name);
}

function entriesOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((entry) => isJsonObject(entry)) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readText(file: string, from: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw unusable(file, `${from} names it, and it cannot be read: ${reasonOf(thrown)}`);
  }
}

function parseServer(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '') return url.href.replace(/\/$/, '');
  const reason = `${url?.username ? 'the address of the server holds a credential' : `${server} is no address of a server`}`;
  throw new OpenClawError('usage_error', { details: { reason, suggestion: 'Write it like https://cluster.example.org:6443.' } });
}

function unusable(file: string, reason: string): OpenClawError {
  return new OpenClawError('kubeconfig_unusable', { details: { file, reason } });
}
