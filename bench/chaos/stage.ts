/**
 * Where a scenario plays: the processes of one side (upstreams, and the relay or the gateway before them), all ended with it.
 *
 * It knows no scenario. The gateway is started as an operator starts it, with a configuration that names what the scenario needs.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type OwnedProcess, startCommand, startScript } from '../processes.ts';
import type { Behaviour } from './behaviour.ts';
import type { Address } from './client.ts';
import { createMemoryGroup, type MemoryGroup } from './memory-group.ts';
import type { RelayName } from './scenario.ts';
import type { Counts } from './tally.ts';

export type Side = 'relay' | 'gateway';

export interface Stage {
  readonly side: Side;
  /** Shorter loads, with the same bars. */
  readonly quick: boolean;
  upstream(behaviour?: Partial<Behaviour>): Promise<UpstreamProcess>;
  /** The relay before the first of them, or the gateway before all. */
  front(upstreams: readonly UpstreamProcess[], options?: FrontOptions): Promise<Front>;
}

export interface UpstreamProcess extends OwnedProcess {
  behave(change: Partial<Behaviour>): Promise<void>;
  counts(): Promise<Counts>;
  restartCounts(): Promise<void>;
}

export interface FrontOptions {
  /** Of each provider, besides its address and its model. */
  readonly provider?: object;
  /** Of `models`, besides the providers and the route `all` over them. */
  readonly models?: object;
  readonly gateway?: object;
  /** Megabytes that all of its memory may take; the system kills what takes more. */
  readonly memoryLimitMiB?: number;
}

export interface Front extends OwnedProcess {
  readonly address: Address;
  /** Addresses with keys of their own. The relay knows no keys. */
  addresses(names: readonly string[]): Promise<Address[]>;
  openFiles(): number;
  /** Most memory that its group has been charged with; NaN without a limit. */
  mostMemoryBytes(): number;
}

export interface StageOptions {
  readonly side: Side;
  readonly quick: boolean;
  readonly relay: RelayName;
}

const launcher = join(import.meta.dirname, '..', '..', 'openclaw');
const token = 'bench-token-0123456789abcdef0123456789abcdef';
const scripts: Readonly<Record<RelayName, string>> = { 'bare relay': 'bare-relay.ts', 'documented relay': 'documented-relay.ts' };
const scratch = mkdtempSync(join(tmpdir(), 'openclaw-scenarios-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

export async function withStage<Result>(options: StageOptions, play: (stage: Stage) => Promise<Result>): Promise<Result> {
  const started: OwnedProcess[] = [];
  const own = <Process extends OwnedProcess>(process: Process): Process => {
    started.push(process);
    return process;
  };
  try {
    return await play({
      side: options.side,
      quick: options.quick,
      upstream: async (behaviour = {}) => own(await startUpstream(behaviour)),
      front: async (upstreams, front = {}) =>
        own(await (options.side === 'relay' ? startRelay(options.relay, upstreams, front) : startGateway(upstreams, front))),
    });
  } finally {
    for (const process of started.toReversed()) await process.stop();
  }
}

async function startUpstream(behaviour: Partial<Behaviour>): Promise<UpstreamProcess> {
  const process = await startScript('chaos/upstream.ts', [JSON.stringify(behaviour)]);
  const url = `http://127.0.0.1:${process.port}/chaos`;
  return {
    ...process,
    async behave(change) {
      await (await fetch(`${url}/behaviour`, { method: 'PUT', body: JSON.stringify(change) })).text();
    },
    counts: async () => (await (await fetch(`${url}/counts`)).json()) as Counts,
    async restartCounts() {
      await (await fetch(`${url}/counts`, { method: 'DELETE' })).text();
    },
  };
}

async function startRelay(relay: RelayName, upstreams: readonly UpstreamProcess[], options: FrontOptions): Promise<Front> {
  const own = await startScript(scripts[relay], [String(upstreams[0]?.port ?? 0)], true);
  const group = options.memoryLimitMiB === undefined ? undefined : createMemoryGroup(options.memoryLimitMiB);
  group?.add(own.pid);
  const headers = { authorization: 'Bearer relay-key' };
  const address: Address = { port: own.port, path: '/v1/chat/completions', model: 'mock-model', headers };
  return { ...own, address, addresses: (names) => Promise.resolve(names.map(() => address)), ...sightOf(own, group) };
}

let compiled: Promise<void> | undefined;

/** Once: Node leaves what it has compiled when it ends, and every later gateway starts as any but an operator's very first does. */
function compile(): Promise<void> {
  return (compiled ??= launchGateway([], {}).then((gateway) => gateway.stop()));
}

async function startGateway(upstreams: readonly UpstreamProcess[], options: FrontOptions): Promise<Front> {
  await compile();
  return launchGateway(upstreams, options);
}

async function launchGateway(upstreams: readonly UpstreamProcess[], options: FrontOptions): Promise<Front> {
  const port = await freePort();
  const directory = mkdtempSync(join(scratch, 'home-'));
  const stateDirectory = join(directory, 'state');
  mkdirSync(stateDirectory, { mode: 0o700 });
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(configFor(upstreams, options)), { mode: 0o600 });
  const env = {
    HOME: directory,
    // Shared, so that all gateways but the first of a run start with what it has compiled.
    XDG_CACHE_HOME: join(scratch, 'cache'),
    OPENCLAW_STATE_DIR: stateDirectory,
    OPENCLAW_GATEWAY_PORT: String(port),
    OPENCLAW_GATEWAY_BIND: 'loopback',
    PATH: process.env['PATH'] ?? '',
  };
  const group = options.memoryLimitMiB === undefined ? undefined : createMemoryGroup(options.memoryLimitMiB);
  // From its birth: what a process has taken before it joins is not charged.
  const script = group === undefined ? 'exec "$@"' : `${group.joinCommand}; exec "$@"`;
  const args = ['-c', script, 'sh', launcher, 'gateway', 'run'];
  const gateway = await startCommand({ command: '/bin/sh', args, port, readyPath: '/readyz', env, mayEnd: true });
  const model = upstreams.length > 1 ? 'all' : 'p0/mock-model';
  const address: Address = { port, path: '/v1/chat/completions', model, headers: { authorization: `Bearer ${token}` } };
  return { ...gateway, address, addresses: (names) => keyedAddresses(address, names), ...sightOf(gateway, group) };
}

function configFor(upstreams: readonly UpstreamProcess[], options: FrontOptions): object {
  const provider = (port: number): object => ({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    api: 'openai-completions',
    apiKey: 'chaos-key-of-the-provider',
    models: [{ id: 'mock-model', cost: { input: 0.1, output: 0.4 } }],
    ...options.provider,
  });
  const providers = Object.fromEntries(upstreams.map(({ port }, at) => [`p${at}`, provider(port)]));
  const routes = upstreams.length > 1 ? { all: { targets: upstreams.map((_, at) => `p${at}/mock-model`) } } : {};
  return {
    gateway: { auth: { mode: 'token', token }, ...options.gateway },
    models: { providers, routes, ...options.models },
  };
}

function sightOf({ pid }: OwnedProcess, group: MemoryGroup | undefined): Pick<Front, 'openFiles' | 'mostMemoryBytes'> {
  return {
    openFiles() {
      try {
        return readdirSync(`/proc/${pid}/fd`).length;
      } catch {
        return Number.NaN; // No /proc on this platform, or the process has ended.
      }
    },
    mostMemoryBytes: () => group?.mostBytes() ?? Number.NaN,
  };
}

/** A virtual key for each name. */
async function keyedAddresses(address: Address, names: readonly string[]): Promise<Address[]> {
  const addresses: Address[] = [];
  for (const name of names) {
    const url = `http://127.0.0.1:${address.port}/admin/v1/keys`;
    const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ name }) });
    const { key } = (await response.json()) as { key: string };
    addresses.push({ ...address, headers: { authorization: `Bearer ${key}` } });
  }
  return addresses;
}
