/**
 * Brings a change of the configuration into force while the gateway runs, all of it or nothing.
 *
 * What can fail comes first: the address, the model path and the channels. Whatever throws leaves everything as it was, and the keeper of the
 * configuration takes the change back.
 */
import type { Configuration } from '../config/index.ts';
import type { Front } from './front.ts';
import { gateSettingsOf, modelSettingsOf } from './in-force.ts';
import type { Parts } from './parts.ts';

export interface ApplyOptions {
  readonly parts: Pick<Parts, 'models' | 'channels' | 'authenticator' | 'redactor' | 'log' | 'onAuthChanged'>;
  readonly front: Front;
}

/** @throws OpenClawError `port_in_use`, `bind_failed`, `tls_invalid`, `config_invalid`: nothing has changed then */
export async function applyChange(before: Configuration, next: Configuration, { parts, front }: ApplyOptions): Promise<void> {
  const { models, channels, authenticator, redactor, log } = parts;
  const secrets = [...next.secrets.values(), ...modelSettingsOf(next).keysFromEnvironment.map(({ key }) => key)];
  redactor.add(...secrets);
  await front.moveTo(next.settings.gateway);
  let authChanged: boolean;
  try {
    await models.reconfigure(modelSettingsOf(next));
    await channels.configure(next.settings.channels);
    authChanged = authenticator.replace(gateSettingsOf(next));
  } catch (thrown) {
    await channels.configure(before.settings.channels);
    await models.reconfigure(modelSettingsOf(before));
    await front.moveTo(before.settings.gateway);
    throw thrown;
  }
  log.setLevel(next.settings.logging.level);
  if (authChanged) parts.onAuthChanged();
}
