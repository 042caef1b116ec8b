/**
 * Gathers the facts of this machine for the doctor: it reads, asks the gateway, and changes nothing. What it cannot find out is absent
 * from the facts, and no reason to stop.
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { gatewayTokenFile, loadConfiguration, locate, type Configuration } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Environment } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { memoryLimitBytes } from '../../core/process-load.ts';
import { findMemoryGroups, readGroup, shareOf, type ReadText } from '../../core/process-memory.ts';
import { findMount, placeLiveDatabase } from '../../storage/filesystem.ts';
import { readStateOwner, type StateOwner } from '../../storage/index.ts';
import { readVolume } from '../health/index.ts';
import { createLoopGuard } from '../loop-guard/index.ts';
import { readStateIdentity } from '../state-identity/index.ts';
import { daysUntilFull, growthOf } from '../volumes/growth.ts';
import { pointsOf, readReadings } from '../volumes/readings.ts';
import { ask } from './ask.ts';
import { containerOf } from './container-of.ts';
import type { ConfigurationFacts, Facts, GatewayFacts, Problem, ProcessFacts, SettingsFacts, StateFacts } from './facts.ts';
import { certificateFacts, networkFacts, type ProviderAddress } from './gather-network.ts';
import { securityFacts } from './gather-security.ts';
import { diskFacts, surroundingsFacts } from './gather-surroundings.ts';
import { listenersIn } from './listening.ts';

export interface FactSources {
  readonly environment: Environment;
  readonly version: string;
  readonly clock: Clock;
  /** Names of providers that OpenClaw knows. */
  readonly vendors: readonly string[];
  /** Those that have a key or an address. */
  readonly findProviders: (configuration: Configuration) => readonly string[];
  /** Where those are that have an address. */
  readonly findAddresses?: (configuration: Configuration) => readonly ProviderAddress[];
  /** @default the files of this machine */
  readonly readText?: ReadText;
}

const hosts: Readonly<Record<string, string>> = { loopback: '127.0.0.1', lan: '0.0.0.0' };
const probePaths = ['/healthz', '/startupz', '/readyz', '/health'] as const;

export async function gatherFacts(sources: FactSources): Promise<Facts> {
  const { environment, clock, version, readText = readTextFile } = sources;
  const { stateDirectory } = locate(environment);
  const loaded = await load(sources);
  const owner = await ownerOf(stateDirectory);
  const settings = loaded.facts.settings ?? loaded.withoutFile;
  const url = environment.lookup('OPENCLAW_GATEWAY_URL')?.value ?? owner?.address ?? urlOf(settings);
  const state = await stateFacts(stateDirectory, environment, readText);
  const gateway = await gatewayFacts(url, loaded.secret);
  const addresses = (loaded.configuration && sources.findAddresses?.(loaded.configuration)) ?? [];
  return {
    atMs: clock.now(),
    version,
    process: processFacts({
      environment,
      owner,
      readText,
      refusals: createLoopGuard({ stateDirectory, clock })
        .recent()
        .map(({ code }) => code),
    }),
    state,
    configuration: loaded.facts,
    listening: settings === undefined ? undefined : listeners(settings.port, readText),
    gateway,
    network: await networkFacts({ addresses, environment, readText, clock }),
    certificate: loaded.configuration && certificateFacts(loaded.configuration),
    surroundings: surroundingsFacts({ environment, readText, gateway }),
    disk: diskFacts(state.exists && state.unwritable === undefined ? stateDirectory : undefined, { readText, clock }),
    security: loaded.configuration && securityFacts(loaded.configuration, loaded.facts.settings?.host ?? ''),
    memory: memoryFacts(owner, readText),
  };
}

interface Loaded {
  /** One that loads. */
  readonly configuration?: Configuration;
  readonly facts: ConfigurationFacts;
  /** Of a file that does not load: what flags and variables say, which is where a gateway in rescue mode, or one that is held, listens. */
  readonly withoutFile?: SettingsFacts | undefined;
  readonly secret: string | undefined;
}

async function load({ environment, vendors, findProviders }: FactSources): Promise<Loaded> {
  const { file } = locate(environment);
  try {
    const configuration = await loadConfiguration({ environment, vendors });
    const facts = {
      file,
      exists: configuration.exists,
      problems: [],
      settings: settingsFacts(configuration, findProviders(configuration)),
    };
    return { configuration, facts, secret: secretOf(configuration) };
  } catch (thrown) {
    const problems =
      thrown instanceof OpenClawError ? [thrown, ...thrown.others].map(toProblem) : [{ code: '', message: reasonOf(thrown), hint: '' }];
    const variables = await loadConfiguration({ environment, text: '{}', flags: { bind: 'loopback' } }).catch(() => undefined);
    const facts = { file, exists: existsSync(file), problems, settings: undefined };
    return { facts, secret: variables && secretOf(variables), withoutFile: variables && settingsFacts(variables, []) };
  }
}

function secretOf({ settings }: Configuration): string | undefined {
  const { token, password, mode } = settings.gateway.auth;
  return mode === 'password' ? password : token;
}

function settingsFacts({ settings, origins, stateDirectory }: Configuration, providers: readonly string[]): SettingsFacts {
  const { port, bind, customBindHost, auth, tls } = settings.gateway;
  const whence = (path: string): string => origins.get(path)?.where ?? 'default';
  const secretPath = auth.mode === 'password' ? 'gateway.auth.password' : 'gateway.auth.token';
  const found = origins.get(secretPath);
  const own = gatewayTokenFile(stateDirectory);
  const secretFrom =
    found === undefined || found.kind === 'default' ? undefined : found.where === own ? `${own}, made at the first start` : found.where;
  return {
    ...{ port, portFrom: whence('gateway.port'), bind, bindFrom: whence('gateway.bind') },
    host: bind === 'custom' ? (customBindHost ?? '') : (hosts[bind] ?? ''),
    ...{ authMode: auth.mode, secretFrom, tls: tls.enabled, providers },
  };
}

async function ownerOf(stateDirectory: string): Promise<StateOwner | undefined> {
  try {
    return await readStateOwner(stateDirectory);
  } catch {
    // It cannot be looked at: what is said of the directory itself tells why.
    return undefined;
  }
}

function urlOf(settings: SettingsFacts | undefined): string {
  if (settings === undefined) return 'http://127.0.0.1:18789';
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host;
  return `${settings.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${settings.port}`;
}

interface ProcessSources {
  readonly environment: Environment;
  readonly owner: StateOwner | undefined;
  readonly readText: ReadText;
  readonly refusals: readonly string[];
}

function processFacts({ environment, owner, readText, refusals }: ProcessSources): ProcessFacts {
  return {
    ...{ platform: process.platform, node: process.version, uid: process.getuid?.(), gid: process.getgid?.() },
    container: containerOf(environment, readText),
    owner: owner && { pid: owner.pid, host: owner.host, startedAt: new Date(owner.startedAtMs).toISOString(), address: owner.address },
    refusals,
  };
}

async function stateFacts(path: string, environment: Environment, readText: ReadText): Promise<StateFacts> {
  const found = lookAt(path);
  const nearest = found ? path : nearestExisting(path);
  const volume = await readVolume(nearest).catch(() => undefined);
  const mount = findMount(realPath(nearest), readText('/proc/self/mountinfo') ?? '');
  const growth = growthOf(pointsOf(readReadings(path), mount?.point ?? ''));
  return {
    path,
    from: environment.lookup('OPENCLAW_STATE_DIR')?.source ?? 'default',
    exists: found !== undefined,
    unwritable: whyUnwritable(nearest),
    ownerUid: found?.uid,
    mode: found === undefined ? undefined : found.mode & 0o777,
    mount,
    filesystemProblem: found === undefined ? undefined : filesystemProblem(path),
    freeBytes: volume?.freeBytes,
    freeInodes: volume?.freeInodes,
    daysUntilFull: daysUntilFull(growth, volume?.freeBytes ?? 0),
    identity: readStateIdentity(path),
  };
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Absent, or behind something that may not be entered, which shows at the one above.
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function whyUnwritable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function filesystemProblem(path: string): Problem | undefined {
  try {
    placeLiveDatabase(path);
    return undefined;
  } catch (thrown) {
    return thrown instanceof OpenClawError ? toProblem(thrown) : undefined;
  }
}

function listeners(port: number, readText: ReadText): readonly string[] | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(readText).filter((table) => table !== undefined);
  return tables.length === 0 ? undefined : listenersIn(tables, port);
}

async function gatewayFacts(url: string, secret: string | undefined): Promise<GatewayFacts> {
  const [health, authorized, ...probes] = await Promise.all([
    ask({ url, path: '/health', secret }),
    ask({ url, path: '/admin/v1/warnings', secret }),
    ...probePaths.map((path) => ask({ url, path })),
  ]);
  return { url, health, authorized, probes: Object.fromEntries(probePaths.map((path, index) => [path, probes[index]!])) };
}

/** Of the gateway's own process where it can be seen from here, else of this one. */
function memoryFacts(owner: StateOwner | undefined, readText: ReadText): Facts['memory'] {
  const isHere = owner !== undefined && owner.host === hostname() && readText(`/proc/${owner.pid}/cgroup`) !== undefined;
  const readOf: ReadText = isHere ? (path) => readText(path.replace('/proc/self/', `/proc/${owner.pid}/`)) : readText;
  const groups = findMemoryGroups(readOf).flatMap((group) => readGroup(group, readOf));
  const nearest = groups.toSorted((one, other) => shareOf(other) - shareOf(one))[0];
  const mayUseBytes = Math.min(memoryLimitBytes(), ...groups.map(({ limitBytes }) => limitBytes));
  if (nearest) return { ...nearest, mayUseBytes };
  const availableBytes = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '')?.[1] ?? 0) * 1024;
  return { of: 'machine', usedBytes: availableBytes === 0 ? 0 : totalmem() - availableBytes, limitBytes: totalmem(), mayUseBytes };
}

function toProblem({ code, message, hint }: OpenClawError): Problem {
  return { code, message, hint };
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
