/**
 * Which providers need no `baseUrl` in the configuration, and which of them the environment has a key for. Apart from `index.ts`, so that a command that
 * asks for no more than names does not load what carries requests.
 */
import { vendors } from './catalogue/vendors.ts';
import { rehearsal } from './rehearsal/identity.ts';

export { findVendor, providersFromEnvironment } from './catalogue/vendors.ts';

export const knownProviders: readonly string[] = [...vendors.map(({ id }) => id), rehearsal.provider];
