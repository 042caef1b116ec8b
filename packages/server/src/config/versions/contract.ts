/**
 * The configuration while the gateway runs: what holds, what was refused and why, and every version that was accepted.
 *
 * Types only. A bad file never takes the gateway down: while running the old one stays in force; at the start the last good
 * version is used; with none on record the gateway runs in rescue mode.
 */
import type { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Configuration } from '../load.ts';
import type { SettingSecret } from './followed-secrets.ts';

/** `current`: the file holds. `refused`: it does not, and what held before does. `lastGood`: since the start an earlier version holds. */
export type ConfigurationState = 'current' | 'refused' | 'lastGood' | 'rescue';

export interface ConfigurationStatus {
  readonly state: ConfigurationState;
  /** What is wrong with the file; further mistakes in its `others`. Undefined in rescue mode where it was entered on purpose. */
  readonly problem: OpenClawError | undefined;
  readonly file: string;
  /** The file cannot be written: a mount that is read-only, or another owner. */
  readonly isReadOnly: boolean;
  /** SHA-256 of the text in force, and of the text in the file. */
  readonly appliedHash: string | undefined;
  readonly fileHash: string | undefined;
  /** Of the version in force; undefined in rescue mode, and where there is no file. */
  readonly version: number | undefined;
  /** Settings that were changed since the start and hold only after a restart. */
  readonly needsRestart: readonly string[];
}

export interface ConfigurationVersion {
  /** 1, 2, 3, … */
  readonly version: number;
  readonly at: string;
  /** `file` (somebody edited it), `start`, `cli`, `rollback to 3 by cli`, `device:<id>`, … */
  readonly by: string;
  readonly hash: string;
  /** Paths of settings that differ from the version before; no values. */
  readonly changed: readonly string[];
}

export interface AcceptedChange {
  readonly configuration: Configuration;
  readonly previous: Configuration | undefined;
  /** Paths that differ, as in `ConfigurationVersion`. Empty where only comments, variables or files behind the settings differ. */
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
}

export interface WriteRequest {
  readonly text: string;
  /** The hash that the writer saw: if the file is another one by now, nothing is written. Absent: whatever is there. */
  readonly baseHash?: string;
  readonly by: string;
}

/** One owner of the file in a running gateway. */
export interface ConfigurationKeeper {
  /** What is in force; undefined in rescue mode. */
  readonly current: Configuration | undefined;
  readonly status: ConfigurationStatus;
  /** The secrets that the configuration in force refers to, and how each of them is. */
  secrets(): readonly SettingSecret[];
  /** The text of the file as it is now; undefined where there is none. Secrets in it are as they are. */
  readText(): string | undefined;
  /** What would be wrong with this text; empty where it is good. Writes nothing. */
  check(text: string): Promise<readonly OpenClawError[]>;
  /** Checks, writes, puts in force. @throws OpenClawError `config_invalid`, `config_conflict`, `config_read_only` */
  write(request: WriteRequest): Promise<ConfigurationVersion>;
  /** @throws OpenClawError `config_version_not_found`, and as `write` */
  rollback(version: number, by: string): Promise<ConfigurationVersion>;
  versions(): readonly ConfigurationVersion[];
  /** With every plain secret replaced. @throws OpenClawError `config_version_not_found` */
  versionText(version: number): string;
  /** Called one at a time, in order, before `write` resolves; what a listener throws takes the change back. @returns ends the subscription */
  onAccepted(listener: (change: AcceptedChange) => Promise<void>): () => void;
  onStatus(listener: (status: ConfigurationStatus) => void): () => void;
  /**
   * Begins to watch, and says in the log what was found at the start. What the watch finds before anybody listens to `onAccepted` is taken up
   * once somebody does.
   */
  start(log: Log): void;
  /** Looks at the file now, as the watch would a moment later. Leaves a rescue mode that was entered on purpose, where the file is good. */
  look(): Promise<void>;
  close(): Promise<void>;
}
