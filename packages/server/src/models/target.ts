/** A provider that is ready to be asked, and one model at it. Types only: `providers.ts` builds them. */
import type { Price } from './catalogue/index.ts';
import type { DialectName, Quirks } from './dialects/dialect.ts';
import type { Upstream, UpstreamTimeouts } from './upstream.ts';

export interface Provider {
  readonly id: string;
  readonly dialect: DialectName;
  readonly origin: string;
  /** Path of the base URL, without a slash at its end; dialect paths are appended to it. */
  readonly basePath: string;
  /** For the next request: a credential (several keys take turns), and whatever else the vendor or the operator wants. */
  readonly nextHeaders: () => Readonly<Record<string, string>>;
  /** Where the key came from, for errors: never the key. */
  readonly keySource: string;
  readonly quirks: Quirks;
  readonly timeouts: UpstreamTimeouts;
  /** As `timeouts.firstByteMs`, for answers that do not stream and so begin only when they are whole. */
  readonly firstByteWholeMs: number;
  readonly upstream: Upstream;
  /** Model ids that are known to be there; any other id may still be asked for by `provider/model`. */
  readonly models: () => readonly KnownModel[];
}

export interface KnownModel {
  readonly id: string;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly price: Price | undefined;
}

export interface Target {
  readonly provider: Provider;
  readonly model: string;
  /** `provider/model`. */
  readonly name: string;
  readonly known: KnownModel | undefined;
}
