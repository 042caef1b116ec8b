/** What `docker inspect` says of a container, as facts. Values of variables stay out of them, but for numbers. */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { imageStateDirectory } from '../contract.ts';
import type { ContainerFacts, ContainerMount } from './contract.ts';

export interface ReadContainer {
  readonly facts: ContainerFacts;
  /** Where it can be asked from the host. */
  readonly url: string | undefined;
  /** What it was started with; for asking it alone. */
  readonly credential: { readonly variable: string; readonly value: string } | undefined;
}

const credentialNames = ['OPENCLAW_GATEWAY_TOKEN', 'OPENCLAW_GATEWAY_PASSWORD'] as const;
const defaultPort = 18_789;
/** Of Docker. */
const defaultStopSeconds = 10;

/** @param inspected the object of one container. @returns undefined where it is none */
export function readContainer(inspected: unknown): ReadContainer | undefined {
  if (!isJsonObject(inspected)) return undefined;
  const [state, config, host] = [part(inspected, 'State'), part(inspected, 'Config'), part(inspected, 'HostConfig')];
  const environment = environmentOf(config);
  const port = Number(environment.get('OPENCLAW_GATEWAY_PORT') ?? defaultPort);
  const stateDirectory =
    environment.get('OPENCLAW_STATE_DIR') ?? (environment.has('HOME') ? `${environment.get('HOME')}/.openclaw` : imageStateDirectory);
  const published = publishedAt(part(inspected, 'NetworkSettings'), port);
  const variable = credentialNames.find((name) => (environment.get(name) ?? '') !== '');
  const drain = Number(environment.get('OPENCLAW_DRAIN_TIMEOUT_MS'));
  const facts: ContainerFacts = {
    ...lifeOf(inspected, state),
    ...healthOf(state, config),
    image: text(config, 'Image'),
    restartPolicy: text(part(host, 'RestartPolicy'), 'Name'),
    user: text(config, 'User'),
    isPrivileged: host['Privileged'] === true,
    isReadOnly: host['ReadonlyRootfs'] === true,
    dropsCapabilities: list(host['CapDrop']).some((name) => name === 'ALL'),
    memoryLimitBytes: number(host, 'Memory'),
    stopSeconds: typeof config['StopTimeout'] === 'number' ? config['StopTimeout'] : defaultStopSeconds,
    drainMs: Number.isFinite(drain) ? drain : undefined,
    stateDirectory,
    mount: mountAt([...list(inspected['Mounts']).filter(isJsonObject), ...memoryMounts(host)], stateDirectory),
    credentialVariables: credentialNames.flatMap((name) => [name, `${name}_FILE`]).filter((name) => (environment.get(name) ?? '') !== ''),
    published,
  };
  const value = variable === undefined ? undefined : environment.get(variable);
  return {
    facts,
    url: published[0] === undefined ? undefined : `http://${published[0]}`,
    credential: variable === undefined || value === undefined ? undefined : { variable, value },
  };
}

function lifeOf(
  inspected: JsonObject,
  state: JsonObject,
): Pick<ContainerFacts, 'name' | 'status' | 'exitCode' | 'oomKilled' | 'restartCount' | 'startedAt'> {
  return {
    name: text(inspected, 'Name').replace(/^\//, ''),
    status: text(state, 'Status'),
    exitCode: number(state, 'ExitCode'),
    oomKilled: state['OOMKilled'] === true,
    restartCount: number(inspected, 'RestartCount'),
    startedAt: text(state, 'StartedAt'),
  };
}

function healthOf(state: JsonObject, config: JsonObject): Pick<ContainerFacts, 'health' | 'healthStartSeconds'> {
  const status = text(part(state, 'Health'), 'Status');
  const startNs = number(part(config, 'Healthcheck'), 'StartPeriod');
  return { health: status === '' || status === 'none' ? undefined : status, healthStartSeconds: startNs / 1e9 };
}

/** Those of `--tmpfs`, which Docker does not count among the mounts. */
function memoryMounts(host: JsonObject): readonly JsonObject[] {
  return Object.keys(part(host, 'Tmpfs')).map((path) => ({ Type: 'tmpfs', Destination: path, Source: '', RW: true }));
}

/** The nearest one: at the directory, or above it. */
function mountAt(mounts: readonly JsonObject[], directory: string): ContainerMount | undefined {
  const above = mounts.filter((mount) => `${directory}/`.startsWith(`${text(mount, 'Destination').replace(/\/$/, '')}/`));
  const nearest = above.toSorted((one, other) => text(other, 'Destination').length - text(one, 'Destination').length)[0];
  if (!nearest) return undefined;
  const name = text(nearest, 'Name');
  return {
    type: text(nearest, 'Type'),
    name: name === '' ? undefined : name,
    source: text(nearest, 'Source'),
    isWritable: nearest['RW'] === true,
  };
}

function publishedAt(network: JsonObject, port: number): readonly string[] {
  const bindings = list(part(network, 'Ports')[`${port}/tcp`]).filter(isJsonObject);
  return bindings.map((binding) => {
    const address = text(binding, 'HostIp');
    const reachable = address === '' || address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
    return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${text(binding, 'HostPort')}`;
  });
}

function environmentOf(config: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    list(config['Env'])
      .filter((entry) => typeof entry === 'string')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

function number(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === 'number' ? value : 0;
}
