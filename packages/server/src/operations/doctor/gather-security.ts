/** Gathers what `doctor security` goes by from a configuration that loads and from the state directory. It asks nobody and changes nothing. */
import { isLoopback, type Configuration } from '../../config/index.ts';
import { hostNameOf, isLoopbackName } from '../../core/caller-place.ts';
import { findOpenPlaces } from '../state-modes/index.ts';
import type { AgentFacts, SecurityFacts, Stance } from './security-facts.ts';

export function securityFacts(configuration: Configuration, host: string): SecurityFacts {
  const { settings, stateDirectory } = configuration;
  const { bind, auth, tls, controlUi } = settings.gateway;
  const secretPath = auth.mode === 'password' ? 'gateway.auth.password' : 'gateway.auth.token';
  const secret = auth.mode === 'password' ? auth.password : auth.mode === 'token' ? auth.token : undefined;
  const plainSecrets = plainSettings(configuration);
  return {
    ...{ bind, host, isLoopback: isLoopback(host), authMode: auth.mode, tls: tls.enabled },
    weakness: secret === undefined ? undefined : weaknessOf(secret),
    isSecretPlain: plainSecrets.some(({ setting }) => setting === secretPath),
    trustedProxies: auth.mode === 'trusted-proxy' ? auth.trustedProxy.addresses : [],
    requiredProxyHeaders: auth.trustedProxy.requiredHeaders.length,
    allowUsers: auth.trustedProxy.allowUsers.length,
    allowedOrigins: controlUi.allowedOrigins,
    allowedHosts: controlUi.allowedHosts,
    agents: agentFacts(settings.agents),
    execImage: settings.tools.exec.image,
    httpHosts: settings.tools.http.hosts,
    httpPrivateAddresses: settings.tools.http.privateAddresses,
    webhooks: Object.entries(settings.channels.webhook.entries).map(([name, { signature, toleranceMs, deliver }]) => ({
      ...{ name, signature, toleranceMs, deliversPrivate: deliver?.privateAddresses ?? [] },
      ...(deliver ? { deliversTo: new URL(deliver.url).origin } : {}),
    })),
    plainHttp: plainHttp(configuration),
    plainSecrets,
    openPlaces: findOpenPlaces(stateDirectory),
  };
}

/** Those whose value stands in a file, with a line, and was not filled in from elsewhere. */
function plainSettings({ secrets, origins }: Configuration): SecurityFacts['plainSecrets'] {
  return [...secrets.keys()].flatMap((setting) => {
    const { file, line, column, where } = origins.get(setting) ?? { where: '' };
    return line !== undefined && where === `${file}:${line}:${column}` ? [{ setting, where: `${file}:${line}` }] : [];
  });
}

type Agents = Configuration['settings']['agents'];
type Lists = Readonly<Partial<Record<Stance, readonly string[]>>>;

function agentFacts({ defaults, entries }: Agents): readonly AgentFacts[] {
  const all: readonly (readonly [string, Lists | undefined])[] = [
    ...(Object.hasOwn(entries, 'main') ? [] : [['main', undefined] as const]),
    ...Object.entries(entries).map(([name, { tools }]) => [name, tools] as const),
  ];
  return all.map(([name, own]) => ({
    name,
    exec: stanceOf('exec', own, defaults.tools),
    http: stanceOf('http', own, defaults.tools),
    allowsAll: stanceOf('anything-at-all', own, defaults.tools) === 'allow',
  }));
}

/** What an agent names itself counts first, then the defaults; what nobody names is asked for. */
function stanceOf(tool: string, own: Lists | undefined, defaults: Lists): Stance {
  for (const lists of [own ?? {}, defaults]) {
    const found = (['deny', 'ask', 'allow'] as const).find((stance) => (lists[stance] ?? []).some((pattern) => fits(pattern, tool)));
    if (found) return found;
  }
  return 'ask';
}

function fits(pattern: string, tool: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(tool);
}

function plainHttp({ settings }: Configuration): SecurityFacts['plainHttp'] {
  const named: readonly (readonly [string, string | undefined])[] = [
    ...Object.entries(settings.models.providers).map(([name, { baseUrl }]) => [`models.providers.${name}.baseUrl`, baseUrl] as const),
    ...Object.entries(settings.mcp.servers).map(([name, { url }]) => [`mcp.servers.${name}.url`, url] as const),
    ['secrets.vault.address', settings.secrets.vault.address],
    ['telemetry.traces.endpoint', settings.telemetry.traces.endpoint],
  ];
  return named.flatMap(([setting, address]) => {
    if (address === undefined || !URL.canParse(address)) return [];
    const { protocol, host, origin } = new URL(address);
    return protocol === 'http:' && !isLoopbackName(hostNameOf(host)) ? [{ setting, address: origin }] : [];
  });
}

const commonWords =
  /^(?:change-?me|secret|password|passw0rd|token|openclaw|admin|test|letmein|default|your-?\w+(?:-\w+)*|example|xxx+)\d{0,4}[!.]?$/i;
const leastBits = 64;

/** In words that follow "the secret"; undefined where nobody guesses it. */
export function weaknessOf(secret: string): string | undefined {
  if (commonWords.test(secret)) return 'is a word that is tried first';
  const distinct = new Set(secret).size;
  if (distinct < 5) return `has ${distinct} different characters`;
  const kinds: readonly (readonly [RegExp, number])[] = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[^A-Za-z\d]/, 30]]; // prettier-ignore
  const alphabet = Math.min(
    kinds.reduce((sum, [kind, size]) => sum + (kind.test(secret) ? size : 0), 0),
    distinct * 2,
  );
  const bits = Math.floor(secret.length * Math.log2(alphabet));
  return bits < leastBits ? `has ${secret.length} characters, some ${bits} bits at the most` : undefined;
}
