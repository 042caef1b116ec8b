/**
 * What becomes of each setting of an `openclaw.json` of openclaw@2026.9: the one table of it.
 *
 * Names are patterns: `*` for a name that the operator chose, `[]` for an item of a list. What stands in no rule and above none is left out, with
 * the words of the longest name in `reasons`. Secrets go where they were and are never part of a remark.
 */
import type { Path } from '../path.ts';
import { keepSecret, type Placed, type Source } from './secrets.ts';

/** Where a value goes, or why it is left out. */
export type Rule = (value: unknown, path: Path, source: Source) => readonly Placed[] | string;

const same: Rule = (value, path) => [{ to: path, value }];
const secret: Rule = (value, path, source) => keepSecret(value, path, source);

function moved(to: (path: Path) => Path, remark?: string): Rule {
  return (value, path) => [{ to: to(path), value, ...(remark === undefined ? {} : { remark }) }];
}

const left =
  (reason: string): Rule =>
  () =>
    reason;

const needless = (reason: string): Rule => left(`not needed: ${reason}`);

const bindings: Readonly<Record<string, readonly [string, string?]>> = {
  loopback: ['loopback'],
  lan: ['lan'],
  custom: ['custom'],
  auto: ['loopback', 'what `auto` takes is not foreseen here; in a container write lan'],
  tailnet: ['loopback', 'for the address of Tailscale write custom, and it in gateway.customBindHost'],
  '0.0.0.0': ['lan'],
  '::': ['lan'],
  '127.0.0.1': ['loopback'],
  '::1': ['loopback'],
  localhost: ['loopback'],
};

const bind: Rule = (value, path) => {
  const [known, remark] = bindings[String(value)] ?? [];
  if (known === undefined) return `${JSON.stringify(value)} is no place to listen on here: loopback, lan or custom`;
  return [{ to: path, value: known, ...(remark === undefined ? {} : { remark }) }];
};

const origins: Rule = (value, path) => {
  if (value === '*') return 'every page of the web could use the gateway of whoever visits it; name the origins';
  return [{ to: path, value: typeof value === 'string' ? value.replace(/\/+$/, '') : value }];
};

const publicOrigin: Rule = (value) => {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'it is not an address';
  const { hostname } = new URL(value);
  return [{ to: ['gateway', 'controlUi', 'allowedHosts', 0], value: hostname, remark: 'the name under which browsers may come' }];
};

/** Of the wire formats these are the same in both programs. */
const apis = ['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai', 'bedrock-converse-stream', 'ollama'];

const timeoutSeconds: Rule = (value, path) => {
  if (typeof value !== 'number') return 'it is not a number';
  return [{ to: [...path.slice(0, -1), 'timeouts', 'totalMs'], value: value * 1000, remark: 'in milliseconds, for the whole answer' }];
};

/** Looked at before what lies below. A reason leaves all of it out; what is placed comes on top. */
export const sections: Readonly<Record<string, Rule>> = {
  'diagnostics.otel': (value) => {
    const { enabled, traces } = (typeof value === 'object' && value !== null ? value : {}) as {
      readonly enabled?: unknown;
      readonly traces?: unknown;
    };
    return enabled === true && traces !== false ? [] : 'not needed: traces are switched off there';
  },
  'models.providers.*': (value, path, source) => {
    const { api, baseUrl } = (typeof value === 'object' && value !== null ? value : {}) as {
      readonly api?: unknown;
      readonly baseUrl?: unknown;
    };
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(String(path.at(-1))))
      return 'its name has letters that a name of a provider may not have here';
    if (api !== undefined && !apis.includes(String(api)))
      return `its wire format ${String(api)} is not spoken here: one of ${apis.join(', ')}`;
    const isSilent = api === undefined && baseUrl !== undefined && !source.isVendor(String(path.at(-1)));
    return isSilent ? [{ to: [...path, 'api'], value: 'openai-completions', remark: 'what it is without being written' }] : [];
  },
};

const whole: Rule = (value, path) => (Number.isInteger(value) ? [{ to: path, value }] : 'it is not a whole number');

/** A default model with what stands in for it is a route. */
const defaultModel: Rule = (value, _, source) => {
  const { primary, fallbacks } = typeof value === 'string' ? { primary: value, fallbacks: [] } : (value as DefaultModel);
  const named = [primary, ...(Array.isArray(fallbacks) ? (fallbacks as unknown[]) : [])];
  const targets = named.filter((name) => typeof name === 'string' && isTarget(name, source));
  if (targets.length === 0) return 'it names no model of a provider that is known here, as provider/model';
  const missing = named.filter((name) => !targets.includes(name)).map(String);
  const remark = `a route: clients ask for the model \`default\`${missing.length === 0 ? '' : `; without ${missing.join(', ')}, of an unknown provider`}`;
  return [{ to: ['models', 'routes', 'default', 'targets'], value: targets, remark }];
};

function isTarget(name: string, source: Source): boolean {
  return /^[^\s/]+\/\S+$/.test(name) && source.hasProvider(name.slice(0, name.indexOf('/')));
}

interface DefaultModel {
  readonly primary?: unknown;
  readonly fallbacks?: unknown;
}

const alias: Rule = (value, path, source) => {
  const target = String(path.at(-2));
  const name = String(value).replace(/[^A-Za-z0-9._-]/g, '-');
  if (!isTarget(target, source) || target.endsWith('/*')) return 'it is the alias of no single model of a provider that is known here';
  return [{ to: ['models', 'routes', name, 'targets'], value: [target], remark: `a route: clients ask for the model \`${name}\`` }];
};

const tracesEndpoint: Rule = (value) => [{ to: ['telemetry', 'traces', 'endpoint'], value }];

const endpoint: Rule = (value) => {
  const whole = String(value).replace(/\/+$/, '');
  const address = whole.endsWith('/v1/traces') ? whole : `${whole}/v1/traces`;
  return [{ to: ['telemetry', 'traces', 'endpoint'], value: address, remark: 'with the path for traces' }];
};

const format: Rule = (value) =>
  value === 'json' || value === 'pretty' ? [{ to: ['logging', 'format'], value }] : 'neither pretty nor json';

const mode: Rule = (value) =>
  value === 'remote'
    ? 'this program is a gateway itself; commands are told of another by OPENCLAW_GATEWAY_URL'
    : 'not needed: a gateway is local';

const inside =
  (name: string) =>
  (path: Path): Path => [...path.slice(0, -1), name];

export const rules: Readonly<Record<string, Rule>> = {
  $schema: needless('`openclaw config schema` prints ours'),
  'gateway.mode': mode,
  'gateway.port': same,
  'gateway.bind': bind,
  'gateway.customBindHost': same,
  'gateway.publicOrigin': publicOrigin,
  'gateway.auth.mode': same,
  'gateway.auth.token': secret,
  'gateway.auth.password': secret,
  'gateway.auth.rateLimit': needless('addresses that send wrong tokens are slowed by themselves'),
  'gateway.auth.trustedProxy.userHeader': same,
  'gateway.auth.trustedProxy.requiredHeaders': same,
  'gateway.auth.trustedProxy.allowUsers': same,
  'gateway.auth.trustedProxy.allowLoopback': left(
    'a proxy on this machine is one of gateway.auth.trustedProxy.addresses: write 127.0.0.1 there',
  ),
  'gateway.trustedProxies': moved(() => ['gateway', 'auth', 'trustedProxy', 'addresses']),
  'gateway.controlUi.enabled': same,
  'gateway.controlUi.allowedOrigins.[]': origins,
  'gateway.tls.enabled': same,
  'gateway.tls.autoGenerate': moved(inside('selfSigned')),
  'gateway.tls.certPath': moved(inside('certFile')),
  'gateway.tls.keyPath': moved(inside('keyFile')),
  'gateway.reload': needless('edits are taken up while running'),
  'gateway.http': needless('what it switches is always there'),
  'models.mode': (value) =>
    value === 'replace'
      ? 'models that OpenClaw knows stay beside those of the file'
      : 'not needed: models of the file come on top of those that are known',
  'models.providers.*.baseUrl': same,
  'models.providers.*.api': same,
  'models.providers.*.apiKey': secret,
  'models.providers.*.auth': (value) =>
    value === 'api-key' || value === 'aws-sdk'
      ? 'not needed: a provider is asked in the way that it wants'
      : 'signing in with an account is not there; make a key of the provider',
  'models.providers.*.authHeader': needless('a provider is asked in the way that it wants'),
  'models.providers.*.headers.*': secret,
  'models.providers.*.request.headers.*': (value, path, source) =>
    keepSecret(value, [...path.slice(0, 3), 'headers', path.at(-1) ?? ''], source),
  'models.providers.*.timeoutSeconds': timeoutSeconds,
  'models.providers.*.models.[].id': same,
  'models.providers.*.models.[].contextWindow': whole,
  'models.providers.*.models.[].maxTokens': whole,
  'models.providers.*.models.[].cost.input': same,
  'models.providers.*.models.[].cost.output': same,
  'models.providers.*.models.[].cost.cacheRead': same,
  'models.providers.*.models.[].cost.cacheWrite': same,
  'agents.defaults.model': defaultModel,
  'agents.defaults.models.*.alias': alias,
  'logging.level': same,
  'logging.maxFileBytes': same,
  'logging.consoleStyle': format,
  'diagnostics.otel.enabled': needless('an endpoint switches traces on'),
  'diagnostics.otel.endpoint': endpoint,
  'diagnostics.otel.tracesEndpoint': tracesEndpoint,
  'diagnostics.otel.headers.*': (value, path, source) => keepSecret(value, ['telemetry', 'traces', 'headers', path.at(-1) ?? ''], source),
  'diagnostics.otel.sampleRate': moved(() => ['telemetry', 'traces', 'sampleRatio']),
};

const later = 'comes with a later release';

/** Why the rest is left out, by the longest name that it lies below; the empty name is for what is nowhere else. */
export const reasons: Readonly<Record<string, string>> = {
  '': 'there is nothing of this name here',
  agents: 'agents are not imported: write them in agents.entries',
  approvals: later,
  auth: 'profiles of credentials are not imported: give the key of each provider as a variable or in models.providers',
  bindings: 'it is about channels of kinds that come with a later release',
  channels: 'of channels there are webhooks so far, written in channels.webhook; other kinds come with a later release',
  commands: later,
  cron: later,
  diagnostics: 'the log and /metrics say what there is to say; traces are carried',
  env: 'write variables into `.env` beside the file, one NAME=VALUE in a line',
  gateway: 'there is no such setting here',
  'gateway.auth': 'the gateway has one way to prove who somebody is, and gateway.auth.mode says which',
  'gateway.controlUi': 'the Control UI needs no such setting',
  'gateway.nodes': `nodes ${later.replace('comes', 'come')}`,
  'gateway.remote': 'commands are told of another gateway by OPENCLAW_GATEWAY_URL and OPENCLAW_GATEWAY_TOKEN',
  'gateway.tailscale': 'run `tailscale serve` in front of the gateway; the page on the network has the recipe',
  'gateway.tls': 'there is no such setting here',
  hooks: 'webhooks are written anew in channels.webhook: here a secret signs, and is not sent',
  logging: 'log files lie in the state directory, and secrets are taken out of every line',
  'logging.audit': 'the audit log is always written',
  mcp: later,
  meta: 'not needed: it is about the other program',
  models: 'models that OpenClaw knows come with the program',
  'models.providers': 'providers have no such setting here',
  'models.providers.*.models.[]': 'not needed: requests are passed on as they are, and what a model can do is for its provider to say',
  plugins: 'plugins of the other program cannot be loaded',
  proxy: 'not imported: HTTP_PROXY and its like are read by what starts the gateway',
  secrets: 'where secrets lie is written at each of them, as $secret',
  session: later,
  skills: later,
  telemetry: 'not needed: nothing is sent home',
  tools: later,
  ui: 'not needed: the Control UI keeps what is chosen in it',
  update: 'not needed: the program does not update itself',
  wizard: 'not needed: it is about the other program',
};
