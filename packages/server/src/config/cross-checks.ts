/**
 * What a schema cannot say: settings that need, exclude or name one another.
 * Each check is run only where the settings that it reads are right by themselves.
 */
import { isIP } from 'node:net';

import { nearestName } from '../core/nearest-name.ts';
import { formatPath, isWithin, type Path } from './path.ts';
import type { Problem } from './problems.ts';
import type { ProviderSettings, Settings } from './schema.ts';

/** What a check found; its place is for the caller to look up. */
export type Finding = Omit<Problem, 'origin'>;

export interface CrossCheckOptions {
  /** Providers that need no `baseUrl`, because OpenClaw knows them. Undefined: not known here, and not checked. */
  readonly vendors?: readonly string[];
}

interface Check {
  readonly reads: readonly Path[];
  readonly find: (settings: Settings, options: CrossCheckOptions) => readonly Finding[];
}

const checks: readonly Check[] = [
  {
    reads: [
      ['gateway', 'bind'],
      ['gateway', 'customBindHost'],
    ],
    find: checkBind,
  },
  { reads: [['gateway', 'auth']], find: checkAuth },
  { reads: [['gateway', 'auth']], find: checkTrustedProxy },
  { reads: [['gateway', 'tls']], find: checkTls },
  { reads: [['gateway']], find: checkOpenDoor },
  { reads: [['models', 'providers']], find: checkProviders },
  {
    reads: [
      ['models', 'providers'],
      ['models', 'routes'],
    ],
    find: checkRoutes,
  },
  { reads: [['models', 'retry']], find: checkRetry },
  { reads: [['agents']], find: checkTools },
  { reads: [['agents']], find: checkHelpers },
  { reads: [['agents'], ['models', 'providers']], find: checkAgentModels },
  { reads: [['channels']], find: checkWebhooks },
  { reads: [['channels'], ['agents']], find: checkChannelAgents },
  { reads: [['backup']], find: checkBackup },
];

export function crossCheck(settings: Settings, problems: readonly Problem[], options: CrossCheckOptions): Finding[] {
  const isRight = (path: Path): boolean => !problems.some((problem) => isWithin(problem.path, path) || isWithin(path, problem.path));
  return checks.filter((check) => check.reads.every(isRight)).flatMap((check) => check.find(settings, options));
}

function checkBackup({ backup: { schedule, s3, engine, passwordFile, to } }: Settings): Finding[] {
  const findings: Finding[] = [];
  if (schedule && (schedule.every === undefined) === (schedule.cron === undefined)) {
    const reason = 'backup.schedule needs one of every and cron';
    findings.push({ path: ['backup', 'schedule'], reason, suggestion: "For example: schedule: { every: '24h' }." });
  }
  if ((s3.accessKeyId === undefined) !== (s3.secretAccessKey === undefined)) {
    const reason = 'backup.s3 has only one of accessKeyId and secretAccessKey';
    findings.push({ path: ['backup', 's3'], reason, suggestion: 'Set both, or neither.' });
  }
  if (engine === 'restic' && (passwordFile === undefined || to === undefined)) {
    const reason = "backup.engine is 'restic', which needs a repository and its password";
    findings.push({ path: ['backup', 'engine'], reason, suggestion: 'Set backup.to and backup.passwordFile.' });
  }
  return findings;
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function checkBind({ gateway }: Settings): Finding[] {
  if (gateway.bind !== 'custom' || gateway.customBindHost !== undefined) return [];
  const reason = "gateway.bind is 'custom', and gateway.customBindHost is missing";
  return [{ path: ['gateway', 'bind'], reason, suggestion: 'Set gateway.customBindHost to the address to listen on.' }];
}

function checkAuth({ gateway: { auth } }: Settings): Finding[] {
  const findings: Finding[] = [];
  for (const kind of ['token', 'password'] as const) {
    if (looksUnexpanded(auth[kind] ?? '')) {
      const reason = `gateway.auth.${kind} looks like the name of a variable and not like its value`;
      findings.push({
        path: ['gateway', 'auth', kind],
        reason,
        suggestion: 'In the file write ${NAME}; in a shell use double quotes and export it first.',
      });
    }
  }
  if (auth.mode === 'password' && auth.password === undefined) {
    const reason = "gateway.auth.mode is 'password', and gateway.auth.password is missing";
    findings.push({ path: ['gateway', 'auth', 'mode'], reason, suggestion: 'Set OPENCLAW_GATEWAY_PASSWORD or gateway.auth.password.' });
  }
  return findings;
}

function checkTrustedProxy({ gateway: { auth } }: Settings): Finding[] {
  const path = ['gateway', 'auth', 'trustedProxy', 'addresses'];
  const findings = auth.trustedProxy.addresses.flatMap((network, index): Finding[] => {
    const isEveryAddress = /\/0{1,3}$/.test(network);
    const reason = faultOfNetwork(network) ?? (isEveryAddress ? 'is every address: anybody could say who they are' : undefined);
    const place = [...path, index];
    return reason === undefined ? [] : [{ path: place, reason: `${formatPath(place)} ${reason}` }];
  });
  if (auth.mode === 'trusted-proxy' && auth.trustedProxy.addresses.length === 0) {
    const reason = `gateway.auth.mode is 'trusted-proxy', and ${formatPath(path)} is empty`;
    const suggestion = 'Set it to the addresses of the proxy: nobody else is believed.';
    findings.push({ path: ['gateway', 'auth', 'mode'], reason, suggestion });
  }
  return findings;
}

function faultOfNetwork(network: string): string | undefined {
  const [address = '', length] = network.split('/');
  const family = isIP(address);
  if (family === 0) return `is not an address: ${network}`;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return `is not a network: ${network}`;
  if (length !== undefined && Number(length) > (family === 4 ? 32 : 128)) return `has a prefix that is too long: ${network}`;
  return undefined;
}

function checkTls({ gateway: { tls } }: Settings): Finding[] {
  const path = ['gateway', 'tls'];
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    const [given, missing] = tls.certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    const reason = `gateway.tls has ${given} and no ${missing}`;
    return [{ path: [...path, given], reason, suggestion: 'Set both, or neither for a certificate that signs itself.' }];
  }
  if (!tls.enabled || tls.selfSigned || tls.certFile !== undefined) return [];
  const reason = 'gateway.tls is enabled, has no certificate and may not make one';
  return [{ path: [...path, 'selfSigned'], reason, suggestion: 'Set gateway.tls.certFile and gateway.tls.keyFile, or selfSigned: true.' }];
}

function checkOpenDoor({ gateway }: Settings): Finding[] {
  const host = { loopback: '127.0.0.1', lan: '0.0.0.0', custom: gateway.customBindHost ?? '127.0.0.1' }[gateway.bind];
  if (gateway.auth.mode !== 'none' || isLoopback(host)) return [];
  return [{ code: 'bind_without_auth', details: { host }, path: ['gateway', 'auth', 'mode'], reason: `there is no auth on ${host}` }];
}

function checkProviders({ models: { providers } }: Settings, { vendors }: CrossCheckOptions): Finding[] {
  return Object.entries(providers).flatMap(([name, provider]) =>
    checkProvider(['models', 'providers', name], provider, vendors?.includes(name)),
  );
}

function checkProvider(path: Path, provider: ProviderSettings, isVendor: boolean | undefined): Finding[] {
  const findings: Finding[] = [];
  if (provider.apiKey !== undefined && provider.apiKeys.length > 0) {
    findings.push({
      path: [...path, 'apiKeys'],
      reason: `${formatPath(path)} has both apiKey and apiKeys`,
      suggestion: 'Put all keys into apiKeys.',
    });
  }
  if (provider.baseUrl !== undefined && !URL.canParse(provider.baseUrl)) {
    findings.push({ path: [...path, 'baseUrl'], reason: `${formatPath([...path, 'baseUrl'])} is not an address` });
  }
  const { initial, max } = provider.concurrency ?? {};
  if (initial !== undefined && max !== undefined && initial > max) {
    const place = [...path, 'concurrency', 'initial'];
    const reason = `${formatPath(place)} (${initial}) is larger than ${formatPath([...path, 'concurrency', 'max'])} (${max})`;
    findings.push({ path: place, reason, suggestion: 'Raise max or lower initial.' });
  }
  const missing = (['baseUrl', 'api'] as const).filter((key) => provider[key] === undefined);
  if (isVendor === false && missing.length > 0) {
    const reason = `${formatPath(path)} needs ${missing.join(' and ')}: it is not a vendor that OpenClaw knows`;
    findings.push({ path, reason, suggestion: "For example: baseUrl: 'http://127.0.0.1:8000/v1', api: 'openai-completions'." });
  }
  provider.models.forEach(({ id }, index) => {
    if (provider.models.findIndex((model) => model.id === id) < index) {
      const place = [...path, 'models', index];
      findings.push({ path: [...place, 'id'], reason: `${formatPath(place)} repeats the id ${id}`, suggestion: 'Keep one of the two.' });
    }
  });
  return findings;
}

function checkRoutes({ models: { providers, routes } }: Settings, { vendors }: CrossCheckOptions): Finding[] {
  if (!vendors) return [];
  const known = new Set([...Object.keys(providers), ...vendors]);
  return Object.entries(routes).flatMap(([name, { targets }]) =>
    targets.flatMap(({ model: target }, index) => {
      const provider = target.slice(0, target.indexOf('/'));
      if (known.has(provider)) return [];
      const path = ['models', 'routes', name, 'targets', index];
      const near = nearestName(provider, known);
      const suggestion = near === undefined ? `Add models.providers.${provider}.` : `Did you mean ${near}${target.slice(provider.length)}?`;
      return [{ path, reason: `${formatPath(path)} names the provider ${provider}, which does not exist`, suggestion }];
    }),
  );
}

function checkRetry({ models: { retry } }: Settings): Finding[] {
  if (retry.baseDelayMs <= retry.maxDelayMs) return [];
  const reason = `models.retry.baseDelayMs (${retry.baseDelayMs}) is larger than models.retry.maxDelayMs (${retry.maxDelayMs})`;
  return [{ path: ['models', 'retry', 'baseDelayMs'], reason, suggestion: 'Raise maxDelayMs or lower baseDelayMs.' }];
}

function checkTools({ agents: { defaults, entries } }: Settings): Finding[] {
  const places = [
    { path: ['agents', 'defaults', 'tools'], tools: defaults.tools },
    ...Object.entries(entries).map(([name, { tools = {} }]) => ({ path: ['agents', 'entries', name, 'tools'], tools })),
  ];
  return places.flatMap(({ path, tools: { allow = [], ask = [], deny = [] } }) => {
    const later = [
      ...ask.map((tool, index) => ({ tool, place: [...path, 'ask', index] })),
      ...deny.map((tool, index) => ({ tool, place: [...path, 'deny', index] })),
    ];
    return later.flatMap(({ tool, place }): Finding[] => {
      const other = allow.includes(tool) ? 'allow' : ask.includes(tool) && place.includes('deny') ? 'ask' : undefined;
      if (other === undefined) return [];
      const reason = `${formatPath(place)} is ${tool}, which stands in ${formatPath([...path, other])} too`;
      return [{ path: place, reason, suggestion: 'Keep one of the two.' }];
    });
  });
}

/** `main` is there without an entry too. */
function checkHelpers({ agents: { entries } }: Settings): Finding[] {
  const known = new Set(['main', ...Object.keys(entries)]);
  return Object.entries(entries).flatMap(([name, { agents = [] }]) =>
    agents.flatMap((helper, index): Finding[] => {
      if (known.has(helper)) return [];
      const path = ['agents', 'entries', name, 'agents', index];
      const near = nearestName(helper, known);
      const suggestion = near === undefined ? `Add agents.entries.${helper}.` : `Did you mean ${near}?`;
      return [{ path, reason: `${formatPath(path)} names the agent ${helper}, which does not exist`, suggestion }];
    }),
  );
}

/** A route or the id of a model has to be looked for when it is asked; what is written `provider/model` names a provider. */
function checkAgentModels({ agents: { defaults, entries }, models: { providers } }: Settings, { vendors }: CrossCheckOptions): Finding[] {
  if (!vendors) return [];
  const known = new Set([...Object.keys(providers), ...vendors]);
  const ids = new Set(Object.values(providers).flatMap(({ models }) => models.map(({ id }) => id)));
  const named = [
    { path: ['agents', 'defaults', 'model'], model: defaults.model },
    ...Object.entries(entries).map(([name, { model }]) => ({ path: ['agents', 'entries', name, 'model'], model })),
  ];
  return named.flatMap(({ path, model = '' }): Finding[] => {
    const slash = model.indexOf('/');
    const provider = model.slice(0, slash);
    if (slash === -1 || known.has(provider) || ids.has(model)) return [];
    const near = nearestName(provider, known);
    const suggestion = near === undefined ? `Add models.providers.${provider}.` : `Did you mean ${near}${model.slice(slash)}?`;
    return [{ path, reason: `${formatPath(path)} names the provider ${provider}, which does not exist`, suggestion }];
  });
}

function checkWebhooks({ channels: { webhook } }: Settings): Finding[] {
  return Object.entries(webhook.entries).flatMap(([name, { session, sessionField, deliver }]): Finding[] => {
    const path = ['channels', 'webhook', 'entries', name];
    const findings: Finding[] = [];
    if (session !== undefined && sessionField !== undefined) {
      const reason = `${formatPath(path)} has both session and sessionField`;
      findings.push({ path: [...path, 'sessionField'], reason, suggestion: 'Keep one of the two.' });
    }
    if (deliver && !URL.canParse(deliver.url)) {
      findings.push({ path: [...path, 'deliver', 'url'], reason: `${formatPath([...path, 'deliver', 'url'])} is not an address` });
    }
    (deliver?.privateAddresses ?? []).forEach((network, index) => {
      const fault = faultOfNetwork(network);
      const place = [...path, 'deliver', 'privateAddresses', index];
      if (fault !== undefined) findings.push({ path: place, reason: `${formatPath(place)} ${fault}` });
    });
    if (deliver && deliver.baseDelayMs > deliver.maxDelayMs) {
      const place = [...path, 'deliver', 'baseDelayMs'];
      const reason = `${formatPath(place)} (${deliver.baseDelayMs}) is larger than maxDelayMs (${deliver.maxDelayMs})`;
      findings.push({ path: place, reason, suggestion: 'Raise maxDelayMs or lower baseDelayMs.' });
    }
    return findings;
  });
}

function checkChannelAgents({ channels: { webhook }, agents: { entries } }: Settings): Finding[] {
  const known = new Set(['main', ...Object.keys(entries)]);
  return Object.entries(webhook.entries).flatMap(([name, { agent }]): Finding[] => {
    if (known.has(agent)) return [];
    const path = ['channels', 'webhook', 'entries', name, 'agent'];
    const near = nearestName(agent, known);
    const suggestion = near === undefined ? `Add agents.entries.${agent}.` : `Did you mean '${near}'?`;
    return [{ path, reason: `${formatPath(path)} names the agent ${agent}, which does not exist`, suggestion }];
  });
}

/** `$TOKEN`, `${TOKEN}` or `%TOKEN%`: what a shell leaves when it did not fill a variable in. */
function looksUnexpanded(secret: string): boolean {
  return /^(\$\w+|\$\{\w*\}?|%\w+%)$/.test(secret);
}
