/** Settings that flags and variables set over the file's. The one list of both; `docs/config.md` shows it. */
import type { Environment } from '../core/env.ts';
import type { Path } from './path.ts';
import { mergeTrees, treeAt, type Tree } from './tree.ts';

export interface OverrideFlags {
  readonly port?: string;
  readonly bind?: string;
  readonly token?: string;
  readonly password?: string;
  readonly logLevel?: string;
}

interface Override {
  readonly path: Path;
  readonly flag?: keyof OverrideFlags;
  readonly flagName?: string;
  /** The first that is set counts. */
  readonly variables: readonly string[];
  /** What the value of a variable stands for, where that is not the value itself. */
  readonly read?: (variable: string, value: string) => string;
}

export const overrides: readonly Override[] = [
  { path: ['gateway', 'port'], flag: 'port', flagName: '--port', variables: ['OPENCLAW_GATEWAY_PORT', 'PORT'] },
  { path: ['gateway', 'bind'], flag: 'bind', flagName: '--bind', variables: ['OPENCLAW_GATEWAY_BIND'] },
  { path: ['gateway', 'auth', 'token'], flag: 'token', flagName: '--token', variables: ['OPENCLAW_GATEWAY_TOKEN'] },
  { path: ['gateway', 'auth', 'password'], flag: 'password', flagName: '--password', variables: ['OPENCLAW_GATEWAY_PASSWORD'] },
  { path: ['gateway', 'drainTimeoutMs'], variables: ['OPENCLAW_DRAIN_TIMEOUT_MS'] },
  { path: ['gateway', 'handshakeTimeoutMs'], variables: ['OPENCLAW_HANDSHAKE_TIMEOUT_MS'] },
  { path: ['logging', 'level'], flag: 'logLevel', flagName: '--log-level', variables: ['OPENCLAW_LOG_LEVEL'] },
  {
    path: ['telemetry', 'traces', 'endpoint'],
    variables: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    // By its specification the general variable names the address that each kind of signal has its path below.
    read: (variable, value) => (variable === 'OTEL_EXPORTER_OTLP_ENDPOINT' ? `${value.replace(/\/+$/, '')}/v1/traces` : value),
  },
];

/** Lays flags over variables over `tree`. Files that variables were read from are added to `files`. */
export function applyOverrides(tree: Tree, sources: { environment: Environment; flags: OverrideFlags; files: Set<string> }): Tree {
  return overrides.reduce<Tree>((under, override) => {
    const over = readOverride(override, sources);
    return over ? mergeTrees(under, over) : under;
  }, tree);
}

function readOverride(
  { path, flag, flagName = '', variables, read = (_, value) => value }: Override,
  { environment, flags, files }: { environment: Environment; flags: OverrideFlags; files: Set<string> },
): Tree | undefined {
  const given = flag && flags[flag];
  if (given !== undefined) return treeAt(path, { kind: 'scalar', value: given, origin: { kind: 'flag', where: flagName } });
  const name = variables.find((candidate) => !isServiceLink(environment.lookup(candidate)?.value ?? 'tcp://'));
  const variable = name === undefined ? undefined : environment.lookup(name);
  if (name === undefined || !variable) return undefined;
  if (variable.file !== undefined) files.add(variable.file);
  return treeAt(path, { kind: 'scalar', value: read(name, variable.value), origin: { kind: 'environment', where: variable.source } });
}

/** Kubernetes sets OPENCLAW_GATEWAY_PORT to `tcp://10.0.0.1:18789` beside a Service named openclaw-gateway: nobody meant that. */
function isServiceLink(value: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(value);
}
