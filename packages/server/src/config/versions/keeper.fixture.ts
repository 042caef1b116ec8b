/** A keeper on a folder of its own, with ways to break and mend its file. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { systemClock, type Clock } from '../../core/clock.ts';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createLog, type Log } from '../../core/log.ts';
import { createFolder, type Folder } from '../folder.fixture.ts';
import type { ConfigurationKeeper, ConfigurationStatus } from './contract.ts';
import { createConfigurationKeeper, type KeeperOptions } from './keeper.ts';

export interface KeptFolder extends Folder {
  /** A new keeper on the same folder, as after a restart; closed when the test ends. */
  open(options?: OpenOptions): Promise<ConfigurationKeeper>;
  readonly file: string;
}

export interface OpenOptions extends Partial<Omit<KeeperOptions, 'environment'>> {
  readonly env?: Variables;
  readonly clock?: Clock;
  /** Whether somebody applies changes from the beginning. @default true */
  readonly isHeard?: boolean;
}

export function createKeptFolder(t: TestContext, files: Readonly<Record<string, string>> = {}): KeptFolder {
  const folder = createFolder(t, files);
  return {
    ...folder,
    file: `${folder.path}/openclaw.json`,
    async open({ env = {}, isHeard = true, ...options } = {}) {
      const environment = readEnvironment({
        env: { OPENCLAW_STATE_DIR: folder.path, ...env },
        secretsDirectory: `${folder.path}/run/secrets`,
      });
      const keeper = await createConfigurationKeeper({ clock: systemClock, ...options, environment });
      t.after(() => keeper.close());
      if (isHeard) keeper.onAccepted(async () => {});
      return keeper;
    },
  };
}

/** Resolves with the first status that fits, the present one included. */
export function statusOf(keeper: ConfigurationKeeper, fits: (status: ConfigurationStatus) => boolean): Promise<ConfigurationStatus> {
  return new Promise((resolve) => {
    const look = (status: ConfigurationStatus): void => {
      if (!fits(status)) return;
      end();
      resolve(status);
    };
    const end = keeper.onStatus(look);
    look(keeper.status);
  });
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
}

export function createLoggedLines(): { log: Log; lines: LoggedLine[]; text: () => string } {
  const lines: LoggedLine[] = [];
  const texts: string[] = [];
  const write = (line: string): void => {
    texts.push(line);
    lines.push(JSON.parse(line) as LoggedLine);
  };
  return {
    log: createLog({ clock: systemClock, level: 'debug', format: 'json', destinations: [{ write }] }),
    lines,
    text: () => texts.join(''),
  };
}

/** A file with a comment that must outlive every change. */
export const onPort = (port: number): string => `{\n  // mine\n  gateway: { port: ${port} },\n}\n`;

export function portOf(keeper: ConfigurationKeeper): number | undefined {
  return keeper.current?.settings.gateway.port;
}

/** Of the error with which it ends; undefined where it goes well. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error === undefined || error instanceof OpenClawError, String(error));
  return error?.code;
}
