/** Where runs and logs go when their time is over, by the configuration: for the gateway that stores them and the commands that read them. */
import { resolve } from 'node:path';
import type { Configuration } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { openPlace, type Place } from '../operations/backup/index.ts';
import { createColdStorage, type ColdStorage } from '../operations/retention/index.ts';

type Source = Pick<Configuration, 'settings' | 'stateDirectory' | 'environment'>;

/** Undefined where it is nowhere. */
export function openColdStorage(source: Source, clock: Clock): ColdStorage | undefined {
  const { to } = source.settings.retention.cold;
  return to === undefined ? undefined : createColdStorage(placeAt(to, source, clock), clock);
}

/** The one of the configuration that holds now, for as long as it does. */
export function followColdStorage(source: () => Source, clock: Clock): () => ColdStorage | undefined {
  let opened: { readonly settings: Source['settings']; readonly storage: ColdStorage | undefined } | undefined;
  return () => {
    const now = source();
    if (opened?.settings !== now.settings) opened = { settings: now.settings, storage: openColdStorage(now, clock) };
    return opened.storage;
  };
}

/** A directory that is not absolute lies in the state directory. */
export function placeAt(address: string, { settings, stateDirectory, environment }: Source, clock: Clock): Place {
  const lookUp = (name: string): string | undefined => environment.lookup(name)?.value;
  const whole = address.startsWith('s3://') ? address : resolve(stateDirectory, address);
  return openPlace(whole, { clock, s3: settings.backup.s3, lookUp });
}
