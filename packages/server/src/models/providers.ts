/**
 * Who can be asked: the providers of the configuration, those whose key lies in the environment, the model servers that
 * were found on this machine, and the built-in rehearsal, in this order of preference.
 *
 * When the configuration changes, those that it leaves as they are stay the same objects, and so do keys whose provider changes
 * around them. It builds them from data; it does not ask them anything. Names and routes: `routing/route.ts`.
 */
import { isDeepStrictEqual } from 'node:util';
import { OpenClawError } from '../core/errors.ts';
import { formatPath, type ProviderSettings, type SecretFile, type TimeoutSettings } from '../config/index.ts';
import { awsCredentialSource, signOnDemand, type AwsEnvironment } from './aws/on-demand.ts';
import { inOwnRegion } from './aws/region.ts';
import { findVendor, type Catalogue, type CatalogueModel, type Vendor } from './catalogue/index.ts';
import type { DialectName } from './dialects/dialect.ts';
import type { LocalServer } from './discovery.ts';
import { holdKeys, letGo, type FollowedKey, type HeldKeys, type HoldOptions, type KeySource } from './keys/provider-keys.ts';
import { rehearsal } from './rehearsal/identity.ts';
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
  /** With what each was built from; for those that come after them. */
  readonly built: ReadonlyMap<string, Built>;
  /** From now on these are asked: keys that stay are as they are now configured, and keys of `before` that do not are gone. */
  commit(): void;
}

/** A provider, and what it would have to be built from again to be another one. */
export interface Built {
  readonly provider: Provider;
  readonly held: HeldKeys;
  readonly from: unknown;
}

/** What an endpoint that nobody knows takes at once: most model servers of one machine are busy with fewer. */
const localConcurrency: ConcurrencyBounds = { initial: 5, max: 1000 };
/** Vendors' endpoints take more, and say with 429 when it was too much. */
const hostedConcurrency: ConcurrencyBounds = { initial: 50, max: 2000 };

const rehearsalModels: readonly KnownModel[] = [fromRow({ id: rehearsal.model, price: { input: 0, output: 0 } })];

/**
 * @param before those that are asked until `commit`
 * @throws OpenClawError `config_invalid` for a provider that cannot be asked as it is configured; nothing has changed then
 */
export function createProviders(options: ProvidersOptions, before?: Providers): Providers {
  const built = new Map<string, Built>();

  /** The same object again where it would be built from the same. No two have the same `id`. */
  function take(id: string, from: unknown, build: (hold: Hold) => Provider): Provider {
    const kept = built.get(id) ?? before?.built.get(id);
    if (kept && isDeepStrictEqual(kept.from, from)) {
      built.set(id, kept);
      return kept.provider;
    }
    let held: HeldKeys | undefined;
    const provider = build((sources, plan) => (held = holdKeys(sources, { ...plan, ...(kept && { before: kept.held.keys }) })).keys);
    if (held) built.set(id, { provider, held, from });
    return provider;
  }

  const configured = Object.entries(options.configured).map(([id, settings]) => {
    const build = { ...options, sources: keySources(id, settings, options) };
    return take(id, [settings, build.sources, awsSettings(options)], (hold) => fromSettings(id, settings, { ...build, hold }));
  });
  const found = options.fromEnvironment.flatMap((entry) => {
    const { vendor, key, source, file } = entry;
    const baseUrl = baseUrlOf(vendor, options);
    // A key alone does not always say where to go.
    if (baseUrl === undefined || Object.hasOwn(options.configured, vendor.id)) return [];
    return [take(vendor.id, [baseUrl, key, source, file], (hold) => fromVendor(entry, baseUrl, { ...options, hold }))];
  });
  const builtIn = take('built in', [], (hold) => rehearsalProvider({ ...options, hold }));
  let local: readonly Provider[] = [];
  let all = [...configured, ...found, builtIn];

  return {
    built,
    list: () => all,
    get followedKeys() {
      return Array.from(built.values(), ({ held }) => held.followed).flat();
    },
    addLocal(server) {
      if (Object.hasOwn(options.configured, server.id)) return;
      const id = `local ${server.id}`;
      const replaced = built.get(id);
      const added = take(id, server, (hold) => fromLocal(server, { ...options, hold }));
      for (const key of replaced?.provider.keys ?? []) if (!added.keys.includes(key)) letGo(key);
      local = [...local.filter((one) => one.id !== server.id), added];
      all = [...configured, ...found, ...local, builtIn];
    },
    commit() {
      for (const { held } of built.values()) held.commit();
      if (!before) return;
      const staying = new Set(all.flatMap(({ keys }) => keys));
      for (const { provider } of before.built.values()) for (const key of provider.keys) if (!staying.has(key)) letGo(key);
      // What is over is not held on to.
      before = undefined;
    },
  };
}

type Hold = (sources: readonly KeySource[], plan: HoldOptions) => readonly ProviderKey[];

interface BuildOptions extends ProvidersOptions {
  readonly hold: Hold;
}

interface SourcedOptions extends BuildOptions {
  readonly sources: readonly KeySource[];
}

/** What of the environment is in a provider at AWS: where it is, and who asks. */
function awsSettings({ aws }: ProvidersOptions): readonly unknown[] {
  if (!aws) return [];
  return ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) =>
    aws.lookUp(name),
  );
}

function fromSettings(id: string, settings: ProviderSettings, options: SourcedOptions): Provider {
  const vendor = findVendor(id);
  const dialect = settings.api ?? vendor?.dialect;
  const { sources } = options;
  const baseUrl = settings.baseUrl ?? (vendor && baseUrlOf(vendor, options));
  if (!dialect || !baseUrl) throw incomplete(id, baseUrl ? 'api' : 'baseUrl', vendor);
  const preset = isAtVendor(settings, vendor) ? hostedConcurrency : localConcurrency;
  const { initial = preset.initial, max = Math.max(preset.max, initial) } = settings.concurrency ?? {};
  const base = splitBaseUrl(baseUrl, dialect);
  const fixed = { ...vendor?.headers, ...lowerCaseNames(settings.headers ?? {}) };
  const signed = sources.length === 0 && isSigned(dialect, fixed, options);
  const keys = options.hold(sources, {
    ...{ provider: id, endpoint: `${signed ? 'signed ' : ''}${dialect} ${baseUrl}`, fixed },
    credential: vendor?.dialect === dialect ? vendor.credential : credentialOf(dialect),
    ...(signed && { sourceWithoutKey: awsCredentialSource }),
  });
  return {
    ...shared(options),
    ...base,
    id,
    dialect,
    ...(vendor && settings.api === undefined && isAtVendor(settings, vendor) && { alsoSpeaks: vendor.alsoSpeaks }),
    keys,
    ...(signed && options.aws && { sign: signOnDemand({ ...options.aws, provider: id, baseUrl }) }),
    keyCheckPath:
      sources.length === 0 ? undefined : keyCheckPath(base.basePath, dialect, isAtVendor(settings, vendor) ? vendor : undefined),
    concurrency: { initial: Math.min(initial, max), max },
    quirks: vendor?.quirks ?? {},
    ...timeoutsOf(settings.timeouts),
    models: knownModels(vendor?.id ?? id, settings, options),
  };
}

/** Bedrock without a key, nor a credential among its headers, is asked with the credentials that AWS's tools would use. */
function isSigned(dialect: DialectName, fixed: Readonly<Record<string, string>>, { aws }: ProvidersOptions): boolean {
  return aws !== undefined && dialect === 'bedrock-converse-stream' && fixed['authorization'] === undefined;
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

function fromVendor({ vendor, key, source, file }: FoundKey, baseUrl: string, options: BuildOptions): Provider {
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
      endpoint: `${vendor.dialect} ${baseUrl}`,
      credential: vendor.credential,
      fixed: vendor.headers ?? {},
    }),
    concurrency: hostedConcurrency,
    quirks: vendor.quirks ?? {},
    models: knownModels(vendor.id, undefined, options),
  };
}

function fromLocal(server: LocalServer, options: BuildOptions): Provider {
  const vendor = server.vendor === undefined ? undefined : findVendor(server.vendor);
  const known = server.models.map((model) => fromRow(model));
  return {
    ...shared(options),
    ...splitBaseUrl(server.baseUrl, 'openai-completions'),
    id: server.id,
    dialect: 'openai-completions',
    keys: withoutKeys(server.id, server.baseUrl, options),
    concurrency: localConcurrency,
    quirks: vendor?.quirks ?? {},
    models: () => known,
  };
}

function rehearsalProvider(options: BuildOptions): Provider {
  return {
    ...shared(options),
    upstream: options.rehearsal,
    id: rehearsal.provider,
    dialect: 'openai-completions',
    origin: rehearsal.origin,
    basePath: '',
    keys: withoutKeys(rehearsal.provider, rehearsal.origin, options),
    concurrency: localConcurrency,
    quirks: {},
    models: () => rehearsalModels,
  };
}

function withoutKeys(provider: string, endpoint: string, { hold }: BuildOptions): readonly ProviderKey[] {
  return hold([], { provider, endpoint, credential: 'bearer', fixed: {} });
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
function knownModels(vendorId: string, settings: ProviderSettings | undefined, { catalogue }: BuildOptions): () => readonly KnownModel[] {
  const own = settings?.models ?? [];
  let list: readonly KnownModel[] = own.map((model) => fromRow({ id: model.id }));
  let complete = false;
  return () => {
    const loaded = complete ? undefined : catalogue();
    if (loaded) {
      list = loaded.modelsOf(vendorId, own).map(fromRow);
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
