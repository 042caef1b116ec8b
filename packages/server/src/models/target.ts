/** A provider that is ready to be asked, one of its keys, and one model there: a target. Types only: `providers.ts` builds them. */
import type { Abilities, Price } from './catalogue/index.ts';
import type { ClientDialectName, DialectName, Quirks } from './dialects/dialect.ts';
import type { Upstream, UpstreamRequest, UpstreamTimeouts } from './upstream.ts';

export interface Provider {
  readonly id: string;
  readonly dialect: DialectName;
  /** Further formats below the same base URL, for clients of theirs. */
  readonly alsoSpeaks?: readonly ClientDialectName[] | undefined;
  readonly origin: string;
  /** Path of the base URL, without a slash at its end; dialect paths are appended to it. */
  readonly basePath: string;
  /** Of the base URL, with its question mark: goes with every request (`?api-version=…`). */
  readonly query?: string;
  /** At least one; a provider that wants no credential has one without any. */
  readonly keys: readonly ProviderKey[];
  /** On the same origin: what costs nothing and is refused to a wrong key. Absent: the keys cannot be checked. */
  readonly keyCheckPath?: string | undefined;
  /** Signs what is about to be sent, where a header with a key does not do (AWS). */
  readonly sign?: (request: UpstreamRequest) => Promise<UpstreamRequest>;
  readonly quirks: Quirks;
  readonly timeouts: UpstreamTimeouts;
  /** As `timeouts.firstByteMs`, for answers that do not stream and so begin only when they are whole. */
  readonly firstByteWholeMs: number;
  /** How many requests each target may have under way. */
  readonly concurrency: ConcurrencyBounds;
  readonly upstream: Upstream;
  /** Model ids that are known to be there; any other id may still be asked for by `provider/model`. */
  readonly models: () => readonly KnownModel[];
}

/**
 * The object itself stands for the key: what is known of a key and of its targets is kept under it, and lives as long as it. A key
 * that stays while the configuration changes around it is the same object before and after.
 */
export interface ProviderKey {
  /** Which of the provider's keys, for people and accounts: `1`, `2`, …. Never the key. It keeps its number for as long as it stays. */
  readonly id: string;
  /** Where it came from, for errors: never the key. */
  readonly source: string;
  /** How often it takes its turn, compared with the provider's other keys. */
  readonly weight: number;
  /** True where there is none: then none can be refused. */
  readonly absent?: true;
  /** True once the configuration has it no more: nothing is begun with it. */
  readonly gone?: boolean;
  /** The credential and whatever else the vendor or the operator wants sent. Changes when the key is rotated. */
  readonly headers: Readonly<Record<string, string>>;
  /** Takes the key itself out of a text: a provider may echo it. Absent where there is nothing to hide. */
  readonly hide?: (text: string) => string;
}

export interface ConcurrencyBounds {
  /** Requests under way at the start, before anything is known of the provider. */
  readonly initial: number;
  /** It never grows beyond. */
  readonly max: number;
}

export interface KnownModel {
  readonly id: string;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly price: Price | undefined;
  /** What the operator says of `Quirks.prefill`. */
  readonly prefill?: boolean | undefined;
  /** Absent where nobody said. */
  readonly abilities?: Abilities | undefined;
}

export interface Target {
  readonly provider: Provider;
  readonly key: ProviderKey;
  readonly model: string;
  /** `provider/model`. */
  readonly name: string;
  readonly known: KnownModel | undefined;
  /** In place of the provider's, where this model departs from them. */
  readonly quirks?: Quirks;
  /** Its share in a weighted route, and of its provider's other keys. @default 1 */
  readonly weight: number;
}
