/**
 * What a place that secrets lie in is to the configuration. Types only; each kind is a file in `sources/` and a row in `sources/index.ts`, and
 * `source.suite.ts` runs on every one of them.
 *
 * A source reads and forgets: what was read last, when it is read again, and what holds while it cannot be, is `store.ts`.
 */
import type { SecretKind, SecretTargets } from '@openclaw/protocol';

import type { Clock } from '../../core/clock.ts';
import type { Environment, Variable } from '../../core/env.ts';
import type { SecretsSettings } from '../secrets-schema.ts';

export interface SecretSource<Kind extends SecretKind = SecretKind> {
  /** The place in words for people, for a message or a list: `vault secret/team/openai#apiKey`. */
  describe(target: SecretTargets[Kind]): string;
  /**
   * Reads what is there now. It logs nothing, and nothing that it throws holds a value or a credential.
   * @throws OpenClawError `secret_missing`, `secret_refused`, `secret_source_down`, `secret_unusable`; the signal's reason when it is aborted
   */
  read(target: SecretTargets[Kind], signal: AbortSignal): Promise<SecretReading>;
}

export interface SecretReading {
  readonly value: string;
  /** As its source names it. */
  readonly version?: string | undefined;
  /** When the value was written, in ISO 8601, where the source tells. */
  readonly madeAt?: string | undefined;
  /** It has to be read again within this time. */
  readonly goodForMs?: number | undefined;
  /** Where it lies on this machine, where it does: followed by watching. */
  readonly file?: SecretFile | undefined;
  /** Says more exactly than `describe` where it was found. */
  readonly where?: string | undefined;
}

/** A file that holds a secret, or the variable of it that does. */
export type SecretFile = Readonly<Required<Pick<Variable, 'file'>> & Pick<Variable, 'fileVariable'>>;

export interface SourceContext {
  readonly settings: SecretsSettings;
  readonly environment: Environment;
  /** Of the configuration file; relative names begin there. */
  readonly directory: string;
  readonly clock: Clock;
}

export type OpenSource<Kind extends SecretKind> = (context: SourceContext) => SecretSource<Kind>;
