/**
 * Who can be asked: the providers of the configuration, those whose key lies in the environment, the model servers that
 * were found on this machine, and the built-in rehearsal, in this order of preference.
 *
 * It builds them from data; it does not ask them anything. Names and routes: `routing/route.ts`.
 */
import { OpenClawError } from '../core/errors.ts';
import { formatPath, type ProviderSettings, type SecretFile, type TimeoutSettings } from '../config/index.ts';
import { awsCredentialSource, signOnDemand, type AwsEnvironment } from './aws/on-demand.ts';
import { inOwnRegion } from './aws/region.ts';
import { findVendor, type Catalogue, type CatalogueModel, type Vendor } from './catalogue/index.ts';
import type { DialectName } from './dialects/dialect.ts';
import type { LocalServer } from './discovery.ts';
import { holdKeys, type FollowedKey, type HoldOptions, type KeySource } from './keys/provider-keys.ts';
import { rehearsal } from './rehearsal/index.ts';
import type { ConcurrencyBounds, KnownModel, Provider, ProviderKey } from './target.ts';
import type { Upstream } from './upstream.ts';

export interface ProvidersOptions {
  readonly configured: Readonly<Record<string, ProviderSettings>>;
  /** Vendors whose key was found in the environment; one that is configured by name is left to its configuration. */
  readonly fromEnvironment: readonly FoundKey[];
  /** Where the secret of a setting can be read again. */
  readonly secretFiles: ReadonlyMap<string, SecretFile>;
  /** For providers without timeouts of their own. */
  readonly timeouts: TimeoutSettings;
  readonly http: Upstream;
  readonly rehearsal: Upstream;
  /** `undefined` while it is not loaded: then only the models of the configuration are known. */
  readonly catalogue: () => Catalogue | undefined;
  /** Without it requests to AWS carry a key of Bedrock or none, and are not signed. */
  readonly aws?: AwsEnvironment | undefined;
}

/** A vendor's key that lay in the environment. */
export interface FoundKey {
  readonly vendor: Vendor;
  readonly key: string;
  /** Where it lay, for people. */
  readonly source: string;
  /** The file that it lay in, if it did. */
  readonly file?: SecretFile | undefined;
}

export interface Providers {
  /** In the order in which they are preferred. */
  list(): readonly Provider[];
  /** Adds or replaces a server that was found; configured providers of the same name stay. */
  addLocal(server: LocalServer): void;
  /** Keys that lie in files. */
  readonly followedKeys: readonly FollowedKey[];
}

/** What an endpoint that nobody knows takes at once: most model servers of one machine are busy with fewer. */
const localConcurrency: ConcurrencyBounds = { initial: 5, max: 1000 };
/** Vendors' endpoints take more, and say with 429 when it was too much. */
const hostedConcurrency: ConcurrencyBounds = { initial: 50, max: 2000 };

const { keys: noKeys } = holdKeys([], { provider: '', credential: 'bearer', fixed: {} });

const rehearsalModels: readonly KnownModel[] = [fromRow({ id: rehearsal.model, price: { input: 0, output: 0 } })];

export function createProviders(options: ProvidersOptions): Providers {
  const followedKeys: FollowedKey[] = [];
  const hold: Hold = (sources, plan) => {
    const { keys, followed } = holdKeys(sources, plan);
    followedKeys.push(...followed);
    return keys;
  };
  const configured = Object.entries(options.configured).map(([id, settings]) => fromSettings(id, settings, { ...options, hold }));
  const found = options.fromEnvironment
    .filter(({ vendor }) => !Object.hasOwn(options.configured, vendor.id))
    .flatMap((entry) => fromVendor(entry, { ...options, hold }) ?? []);
  const builtIn = rehearsalProvider(options);
  let local: readonly Provider[] = [];
  let all = [...configured, ...found, builtIn];

  return {
    followedKeys,
    list: () => all,
    addLocal(server) {
      if (Object.hasOwn(options.configured, server.id)) return;
      local = [...local.filter(({ id }) => id !== server.id), fromLocal(server, options)];
      all = [...configured, ...found, ...local, builtIn];
    },
  };
}

type Hold = (sources: readonly KeySource[], plan: HoldOptions) => readonly ProviderKey[];

interface BuildOptions extends ProvidersOptions {
  readonly hold: Hold;
}

function fromSettings(id: string, settings: ProviderSettings, options: BuildOptions): Provider {
  const vendor = findVendor(id);
  const dialect = settings.api ?? vendor?.dialect;
  const baseUrl = settings.baseUrl ?? (vendor && baseUrlOf(vendor, options));
  if (!dialect || !baseUrl) throw incomplete(id, baseUrl ? 'api' : 'baseUrl', vendor);
  const sources = keySources(id, settings, options);
  const preset = isAtVendor(settings, vendor) ? hostedConcurrency : localConcurrency;
  const { initial = preset.initial, max = Math.max(preset.max, initial) } = settings.concurrency ?? {};
  const base = splitBaseUrl(baseUrl, dialect);
  const keys = options.hold(sources, {
    provider: id,
    credential: vendor?.dialect === dialect ? vendor.credential : credentialOf(dialect),
    fixed: { ...vendor?.headers, ...lowerCaseNames(settings.headers ?? {}) },
  });
  return {
    ...shared(options),
    ...base,
    id,
    dialect,
    ...(vendor && settings.api === undefined && isAtVendor(settings, vendor) && { alsoSpeaks: vendor.alsoSpeaks }),
    keys,
    ...(sources.length === 0 && signedByAws({ id, dialect, baseUrl, keys }, options)),
    keyCheckPath:
      sources.length === 0 ? undefined : keyCheckPath(base.basePath, dialect, isAtVendor(settings, vendor) ? vendor : undefined),
    concurrency: { initial: Math.min(initial, max), max },
    quirks: vendor?.quirks ?? {},
    ...timeoutsOf(settings.timeouts),
    models: knownModels(vendor?.id ?? id, settings, options),
  };
}

interface Unsigned {
  readonly id: string;
  readonly dialect: DialectName;
  readonly baseUrl: string;
  readonly keys: readonly ProviderKey[];
}

/** Bedrock without a key, nor a credential among its headers, is asked with the credentials that AWS's tools would use. */
function signedByAws({ id, dialect, baseUrl, keys }: Unsigned, { aws }: ProvidersOptions): Partial<Pick<Provider, 'sign' | 'keys'>> {
  const carriesCredential = keys.some(({ headers }) => headers['authorization'] !== undefined);
  if (!aws || dialect !== 'bedrock-converse-stream' || carriesCredential) return {};
  return {
    sign: signOnDemand({ ...aws, provider: id, baseUrl }),
    keys: keys.map(({ id: key, weight, headers }) => ({ id: key, weight, headers, source: awsCredentialSource })),
  };
}

function baseUrlOf({ baseUrl }: Vendor, { aws }: ProvidersOptions): string | undefined {
  return aws && baseUrl !== undefined ? inOwnRegion(baseUrl, aws.lookUp) : baseUrl;
}

/** Whether it is the vendor itself, and not a server of somebody's that stands in for it and may offer less. */
function isAtVendor({ baseUrl }: ProviderSettings, vendor: Vendor | undefined): vendor is Vendor {
  return vendor !== undefined && (baseUrl === undefined || vendor.baseUrl === undefined);
}

/** Those of the configuration; without any, the one that lay in the environment. */
function keySources(id: string, { apiKey, apiKeys }: ProviderSettings, { fromEnvironment, secretFiles }: ProvidersOptions): KeySource[] {
  const path = formatPath(['models', 'providers', id]);
  const written = (name: string, secret: string, weight: number): KeySource => {
    const source = `${path}.${name}`;
    return { secret, source, weight, file: secretFiles.get(name === 'apiKey' ? source : `${source}.key`) };
  };
  const sources = [
    ...(apiKey === undefined ? [] : [written('apiKey', apiKey, 1)]),
    ...apiKeys.map(({ key, weight }, index) => written(`apiKeys[${index}]`, key, weight)),
  ];
  if (sources.length > 0) return sources;
  return fromEnvironment.filter(({ vendor }) => vendor.id === id).map(({ key, source, file }) => ({ secret: key, source, file }));
}

/** `undefined` where a key alone does not say where to go. */
function fromVendor({ vendor, key, source, file }: FoundKey, options: BuildOptions): Provider | undefined {
  const baseUrl = baseUrlOf(vendor, options);
  if (baseUrl === undefined) return undefined;
  const base = splitBaseUrl(baseUrl, vendor.dialect);
  return {
    ...shared(options),
    ...base,
    keyCheckPath: keyCheckPath(base.basePath, vendor.dialect, vendor),
    id: vendor.id,
    dialect: vendor.dialect,
    alsoSpeaks: vendor.alsoSpeaks,
    keys: options.hold([{ secret: key, source, file }], {
      provider: vendor.id,
      credential: vendor.credential,
      fixed: vendor.headers ?? {},
    }),
    concurrency: hostedConcurrency,
    quirks: vendor.quirks ?? {},
    models: knownModels(vendor.id, undefined, options),
  };
}

function fromLocal(server: LocalServer, options: ProvidersOptions): Provider {
  const vendor = server.vendor === undefined ? undefined : findVendor(server.vendor);
  const known = server.models.map((model) => fromRow(model));
  return {
    ...shared(options),
    ...splitBaseUrl(server.baseUrl, 'openai-completions'),
    id: server.id,
    dialect: 'openai-completions',
    keys: noKeys,
    concurrency: localConcurrency,
    quirks: vendor?.quirks ?? {},
    models: () => known,
  };
}

function rehearsalProvider(options: ProvidersOptions): Provider {
  return {
    ...shared(options),
    upstream: options.rehearsal,
    id: rehearsal.provider,
    dialect: 'openai-completions',
    origin: rehearsal.origin,
    basePath: '',
    keys: noKeys,
    concurrency: localConcurrency,
    quirks: {},
    models: () => rehearsalModels,
  };
}

function shared(options: ProvidersOptions): Pick<Provider, 'upstream' | 'timeouts' | 'firstByteWholeMs'> {
  return { upstream: options.http, ...timeoutsOf(options.timeouts) };
}

function timeoutsOf(settings: TimeoutSettings): Pick<Provider, 'timeouts' | 'firstByteWholeMs'> {
  const { connectMs, firstByteMs, idleMs, totalMs, firstByteWholeMs } = settings;
  return { timeouts: { connectMs, firstByteMs, idleMs, totalMs }, firstByteWholeMs };
}

/** Where a base URL may end although the dialect's paths begin with it: it is written with and without. */
const doubledEndings: Readonly<Partial<Record<DialectName, RegExp>>> = { 'anthropic-messages': /\/v1$/, ollama: /\/(v1|api)$/ };

function splitBaseUrl(baseUrl: string, dialect: DialectName): Pick<Provider, 'origin' | 'basePath' | 'query'> {
  const { origin, pathname, search } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '');
  const ending = doubledEndings[dialect];
  return { origin, basePath: ending ? path.replace(ending, '') : path, ...(search !== '' && { query: search }) };
}

/** Where a server of this format looks for its key, when it is nobody's that is known. */
function credentialOf(dialect: DialectName): Vendor['credential'] {
  if (dialect === 'anthropic-messages') return 'x-api-key';
  return dialect === 'google-generative-ai' ? 'x-goog-api-key' : 'bearer';
}

/** Nearly every format has a list of models, which a wrong key may not read. Bedrock's is at another host. */
const keyCheckPaths: Readonly<Partial<Record<DialectName, string>>> = {
  'openai-completions': '/models',
  'openai-responses': '/models',
  'anthropic-messages': '/v1/models',
  'google-generative-ai': '/models?pageSize=1',
};

function keyCheckPath(basePath: string, dialect: DialectName, vendor: Vendor | undefined): string | undefined {
  if (vendor?.keyCheck !== undefined) return vendor.keyCheck === 'none' ? undefined : vendor.keyCheck;
  const path = keyCheckPaths[dialect];
  return path === undefined ? undefined : basePath + path;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The list is asked for with each request, and changes only once: when the catalogue has been loaded. */
function knownModels(vendorId: string, settings: ProviderSettings | undefined, options: ProvidersOptions): () => readonly KnownModel[] {
  const own = settings?.models ?? [];
  let list: readonly KnownModel[] = own.map((model) => fromRow({ id: model.id }));
  let complete = false;
  return () => {
    const catalogue = complete ? undefined : options.catalogue();
    if (catalogue) {
      list = catalogue.modelsOf(vendorId, own).map(fromRow);
      complete = true;
    }
    return list;
  };
}

function fromRow({ id, contextWindow, maxOutputTokens, price, prefill, abilities }: CatalogueModel): KnownModel {
  return { id, contextWindow, maxOutputTokens, price, prefill, ...(abilities && { abilities }) };
}

function incomplete(id: string, field: 'api' | 'baseUrl', vendor: Vendor | undefined): OpenClawError {
  const form = vendor?.baseUrlForm;
  const why = form === undefined ? `${id} is not a vendor that OpenClaw knows` : `every customer of ${vendor?.name} has one of his own`;
  return new OpenClawError('config_invalid', {
    details: {
      where: `models.providers.${id}`,
      reason: `${field} is missing, and ${why}`,
      suggestion:
        form === undefined ? `Add ${field}, or use the name of a known vendor: docs/providers.md lists them.` : `It looks like ${form}.`,
    },
    param: `models.providers.${id}.${field}`,
  });
}
