/**
 * The secrets of the configuration in force: how each of them is, for whoever asks the gateway, and in a file (0600) for the commands beside it.
 * No values. Asking and keeping is `../secrets/store.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { parseObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import type { Configuration } from '../load.ts';
import { formatPath } from '../path.ts';
import { replaceFile } from '../replace-file.ts';
import { createSecretStore, type SecretStatus, type SecretStore } from '../secrets/store.ts';

/** One reference of the configuration, and how what it leads to is. */
export interface SettingSecret extends SecretStatus {
  readonly setting: string;
}

export interface FollowedSecrets {
  readonly store: Pick<SecretStore, 'read'>;
  /** How those in force are. */
  list(): readonly SettingSecret[];
  /** From now on this configuration's. */
  follow(configuration: Configuration): void;
  close(): void;
}

export interface FollowedSecretsOptions {
  readonly clock: Clock;
  readonly log: () => Log | undefined;
  readonly onRotated: () => void;
}

/** When a secret was read last is true to this. */
const rewriteMs = 60_000;

/** Where the commands find it. */
export function secretsStatusFile(stateDirectory: string): string {
  return join(stateDirectory, 'state', 'config', 'secrets.json');
}

/** What the gateway of this state directory knew last; empty where there is nothing to be read. */
export function readSecretsStatus(stateDirectory: string): readonly SettingSecret[] {
  try {
    const kept = parseObject(readFileSync(secretsStatusFile(stateDirectory), 'utf8'));
    // Written by `write` below, for this reader alone.
    return Array.isArray(kept?.['secrets']) ? (kept['secrets'] as unknown as SettingSecret[]) : [];
  } catch {
    return [];
  }
}

export function followSecrets({ clock, log, onRotated }: FollowedSecretsOptions): FollowedSecrets {
  let inForce: Configuration | undefined;
  let written = '[]';
  let writtenAtMs = 0;
  const store = createSecretStore({ clock, log, onRotated, onStatus: write });

  function list(): readonly SettingSecret[] {
    return (inForce?.references ?? []).flatMap(({ path, request }) => {
      const status = store.status(request);
      return status ? [{ setting: formatPath(path), ...status }] : [];
    });
  }

  function write(): void {
    if (!inForce) return;
    const secrets = list();
    // A file is not written for a list of nothing, nor each time for nothing but when it was read.
    const said = JSON.stringify(secrets.map((secret) => ({ ...secret, readAt: undefined })));
    if (said === written && (secrets.length === 0 || clock.now() - writtenAtMs < rewriteMs)) return;
    const text = `${JSON.stringify({ at: new Date(clock.now()).toISOString(), secrets }, null, 2)}\n`;
    try {
      replaceFile(secretsStatusFile(inForce.stateDirectory), text);
      [written, writtenAtMs] = [said, clock.now()];
    } catch (thrown) {
      log()?.debug('what is known of secrets could not be written for the commands', { reason: reasonOf(thrown) });
    }
  }

  return {
    store,
    list,
    follow(configuration) {
      inForce = configuration;
      store.follow(configuration.references.map(({ request }) => request));
      write();
    },
    close: () => store.close(),
  };
}
