/**
 * Who can be asked: the providers of the configuration, those whose key lies in the environment, the model servers that
 * were found on this machine, and the built-in rehearsal, in this order of preference.
 *
 * It builds them from data; it does not ask them anything. Names and routes: `route.ts`.
 */
import { OpenClawError } from '../core/errors.ts';
import type { ProviderSettings, TimeoutSettings } from '../config/index.ts';
import { findVendor, type Catalogue, type CatalogueModel, type Vendor } from './catalogue/index.ts';
import type { DialectName } from './dialects/dialect.ts';
import type { LocalServer } from './discovery.ts';
import { rehearsal } from './rehearsal/index.ts';
import type { ConcurrencyBounds, KnownModel, Provider, ProviderKey } from './target.ts';
import type { Upstream } from './upstream.ts';

export interface ProvidersOptions {
  readonly configured: Readonly<Record<string, ProviderSettings>>;
  /** Vendors whose key was found in the environment; one that is configured by name is left to its configuration. */
  readonly fromEnvironment: readonly FoundKey[];
  /** For providers without timeouts of their own. */
  readonly timeouts: TimeoutSettings;
  readonly http: Upstream;
  readonly rehearsal: Upstream;
  /** `undefined` while it is not loaded: then only the models of the configuration are known. */
  readonly catalogue: () => Catalogue | undefined;
}

/** A vendor's key that lay in the environment. */
export interface FoundKey {
  readonly vendor: Vendor;
  readonly key: string;
  /** Where it lay, for people. */
  readonly source: string;
}

export interface Providers {
  /** In the order in which they are preferred. */
  list(): readonly Provider[];
  /** Adds or replaces a server that was found; configured providers of the same name stay. */
  addLocal(server: LocalServer): void;
}

/** What an endpoint that nobody knows takes at once: most model servers of one machine are busy with fewer. */
const localConcurrency: ConcurrencyBounds = { initial: 5, max: 1000 };
/** Vendors' endpoints take more, and say with 429 when it was too much. */
const hostedConcurrency: ConcurrencyBounds = { initial: 50, max: 2000 };

const rehearsalModels: readonly KnownModel[] = [fromRow({ id: rehearsal.model })];

export function createProviders(options: ProvidersOptions): Providers {
  const configured = Object.entries(options.configured).map(([id, settings]) => fromSettings(id, settings, options));
  const found = options.fromEnvironment
    .filter(({ vendor }) => !Object.hasOwn(options.configured, vendor.id))
    .map((entry) => fromVendor(entry, options));
  const builtIn = rehearsalProvider(options);
  let local: readonly Provider[] = [];
  let all = [...configured, ...found, builtIn];

  return {
    list: () => all,
    addLocal(server) {
      if (Object.hasOwn(options.configured, server.id)) return;
      local = [...local.filter(({ id }) => id !== server.id), fromLocal(server, options)];
      all = [...configured, ...found, ...local, builtIn];
    },
  };
}

function fromSettings(id: string, settings: ProviderSettings, options: ProvidersOptions): Provider {
  const vendor = findVendor(id);
  const dialect = settings.api ?? vendor?.dialect;
  const baseUrl = settings.baseUrl ?? vendor?.baseUrl;
  if (!dialect || !baseUrl) throw incomplete(id, baseUrl ? 'api' : 'baseUrl');
  const keys = [...(settings.apiKey === undefined ? [] : [settings.apiKey]), ...settings.apiKeys.map(({ key }) => key)];
  const environmentKey = keys.length === 0 ? options.fromEnvironment.find((entry) => entry.vendor.id === id) : undefined;
  const source = environmentKey?.source ?? `models.providers.${id}.${settings.apiKeys.length > 0 ? 'apiKeys' : 'apiKey'}`;
  return {
    ...shared(options),
    ...splitBaseUrl(baseUrl, dialect),
    id,
    dialect,
    keys: keysOf(environmentKey ? [environmentKey.key] : keys, {
      source,
      credential: vendor?.dialect === dialect ? vendor.credential : credentialOf(dialect),
      fixed: { ...vendor?.headers, ...lowerCaseNames(settings.headers ?? {}) },
    }),
    concurrency: vendor && settings.baseUrl === undefined ? hostedConcurrency : localConcurrency,
    quirks: vendor?.quirks ?? {},
    ...timeoutsOf(settings.timeouts),
    models: knownModels(vendor?.id ?? id, settings, options),
  };
}

function fromVendor({ vendor, key, source }: FoundKey, options: ProvidersOptions): Provider {
  return {
    ...shared(options),
    ...splitBaseUrl(vendor.baseUrl, vendor.dialect),
    id: vendor.id,
    dialect: vendor.dialect,
    keys: keysOf([key], { source, credential: vendor.credential, fixed: vendor.headers ?? {} }),
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
    keys: keysOf([], { source: 'no key', credential: 'bearer', fixed: {} }),
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
    keys: keysOf([], { source: 'no key', credential: 'bearer', fixed: {} }),
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

/** A base URL of the Messages API is written with and without its version; the dialect's path has it. */
function splitBaseUrl(baseUrl: string, dialect: DialectName): { origin: string; basePath: string } {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, '');
  return { origin: url.origin, basePath: dialect === 'anthropic-messages' ? path.replace(/\/v1$/, '') : path };
}

/** Where a server of this format looks for its key, when it is nobody's that is known. */
function credentialOf(dialect: DialectName): Vendor['credential'] {
  if (dialect === 'anthropic-messages') return 'x-api-key';
  return dialect === 'google-generative-ai' ? 'x-goog-api-key' : 'bearer';
}

interface KeyPlan {
  readonly source: string;
  readonly credential: Vendor['credential'];
  readonly fixed: Readonly<Record<string, string>>;
}

function keysOf(keys: readonly string[], { source, credential, fixed }: KeyPlan): readonly ProviderKey[] {
  if (keys.length === 0) return [{ id: '1', source, weight: 1, headers: fixed }];
  return keys.map((key, index) => ({
    id: String(index + 1),
    source: keys.length > 1 ? `${source}[${index}]` : source,
    weight: 1,
    headers: { ...(credential === 'bearer' ? { authorization: `Bearer ${key}` } : { [credential]: key }), ...fixed },
  }));
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

function fromRow({ id, contextWindow, maxOutputTokens, price }: CatalogueModel): KnownModel {
  return { id, contextWindow, maxOutputTokens, price };
}

function incomplete(id: string, field: 'api' | 'baseUrl'): OpenClawError {
  return new OpenClawError('config_invalid', {
    details: {
      where: `models.providers.${id}`,
      reason: `${field} is missing, and ${id} is not a vendor that OpenClaw knows`,
      suggestion: `Add ${field}, or use the name of a known vendor: docs/providers.md lists them.`,
    },
    param: `models.providers.${id}.${field}`,
  });
}
