/** What is known of a vendor: one row of `vendors.ts`. */
import type { ClientDialectName, DialectName, Quirks } from '../dialects/dialect.ts';

export interface Vendor {
  /** The name in the configuration and before the slash of a model's name. */
  readonly id: string;
  readonly name: string;
  readonly dialect: DialectName;
  /** Further formats below the same base URL: a client of one of them is served in its own. */
  readonly alsoSpeaks?: readonly ClientDialectName[];
  /** The dialect's paths are appended: `/chat/completions`, `/v1/messages`, `/models/…`. */
  readonly baseUrl?: string;
  /** In place of it where each customer has one of its own, which has to be configured: what it looks like. */
  readonly baseUrlForm?: string;
  /** Environment variables for the key; the first that is set wins. None: the key comes from the configuration alone. */
  readonly keyVariables: readonly string[];
  /** `bearer`, or the header that holds the key as it is. */
  readonly credential: 'bearer' | 'x-api-key' | 'x-goog-api-key' | 'api-key';
  /**
   * Path on the origin of something that costs nothing and is refused to a wrong key; `none` where there is no such thing, or
   * it is shown to everybody. @default the list of models of the wire format
   */
  readonly keyCheck?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly quirks?: Quirks;
  /** Output limit where the dialect demands one and neither the client nor the model's row gives it. */
  readonly maxOutputTokens?: number;
  /** Ports on which a server of this kind listens on one's own machine. Its presence makes the vendor local: no key is needed. */
  readonly localPorts?: readonly number[];
  /** The vendor's name in the models.dev data, where it has models. */
  readonly modelsDevId?: string;
  /** The page about it, for `docs/providers.md` and for whoever doubts the row. */
  readonly documentation: string;
}
