/**
 * What `/admin/v1` answers and takes, for the command line and the Control UI. Times are ISO 8601 in UTC.
 *
 * Shapes only: who may ask is the server's business, and how it looks on a terminal is the command line's.
 */

export const scopes = ['models', 'runs', 'admin'] as const;

/**
 * What a credential may do: `models` asks models, `runs` has agents at work and sees those runs alone, `admin` reaches `/admin/v1`, every
 * run and session, and the details of health.
 */
export type Scope = (typeof scopes)[number];

/** How much a key may use. Null: any amount. 0: nothing. */
export interface KeyLimits {
  /** Requests in any minute. */
  readonly rpm: number | null;
  /** Tokens, input and output, in any minute. */
  readonly tpm: number | null;
  /** US$ on a day of UTC. */
  readonly usdPerDay: number | null;
  /** US$ in a calendar month of UTC. */
  readonly usdPerMonth: number | null;
}

/** What a key uses now. Null where no limit of the key counts it. */
export interface KeyUse {
  /** In the last minute. */
  readonly requests: number | null;
  /** In the last minute; those under way with their estimates. */
  readonly tokens: number | null;
  readonly usdToday: number | null;
  readonly usdThisMonth: number | null;
  /** For requests under way, not yet spent. */
  readonly usdReserved: number | null;
}

export interface KeyRecord {
  /** `key_…`; not secret. */
  readonly id: string;
  readonly name: string;
  /** The beginning of the key itself, to recognise it by. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  /** Models that the key may use; null for all. */
  readonly models: readonly string[] | null;
  readonly state: 'active' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly limits: KeyLimits;
  /** Null for a key without limits (`/admin/v1/usage?by=key` has the totals of all), and for one that was created just now. */
  readonly used: KeyUse | null;
}

/** The answer to the creation of a key: the only time that the key itself is shown. */
export interface CreatedKey extends KeyRecord {
  readonly key: string;
}

/** An alias and not an interface, so that it is a JSON object to the compiler. */
export type CreateKeyRequest = {
  readonly name: string;
  /** @default ['models'] */
  readonly scopes?: readonly string[];
  /** @default all */
  readonly models?: readonly string[];
  /** @default never */
  readonly expiresAt?: string;
} & Partial<KeyLimits>;

/** What is left out stays as it is; null takes a limit, the end, or the list of models away. */
export type UpdateKeyRequest = {
  readonly name?: string;
  readonly models?: readonly string[] | null;
  readonly expiresAt?: string | null;
} & Partial<KeyLimits>;

export const usageDimensions = ['model', 'provider', 'key', 'route', 'day'] as const;
export type UsageDimension = (typeof usageDimensions)[number];

/** Totals of the requests that have one value of the dimension. */
export interface UsageRow {
  /** The value: a model, an id of a key, a day (`2026-11-21`, UTC), … */
  readonly name: string;
  readonly requests: number;
  /** Of those, the ones that did not complete. */
  readonly failed: number;
  /** All of the input, those from and into the provider's cache among them. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Billionths of a US dollar, of the requests whose price is known. */
  readonly costNanoUsd: number;
  /** Requests that used tokens at an unknown price: their cost is missing above, it is not 0. */
  readonly unpriced: number;
}

/** One line of the audit log. */
export interface AuditEntry {
  /** Rises; gaps are allowed. */
  readonly position: number;
  readonly at: string;
  /** `gateway-token`, `device:<id>`, `cli`, `file`. */
  readonly actor: string;
  /** `key.created`, `device.approved`, `config.changed`, … */
  readonly action: string;
  /** What it was done to: an id, a version. */
  readonly subject: string;
  /** What changed, without secrets. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}
