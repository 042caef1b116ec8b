/**
 * Which state answered at which address. A gateway that was deployed anew without its volume answers with another one: then the token is not
 * wrong, the state is gone, and that is what has to be said.
 */
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { ClientDirectory } from '../client-directory.ts';

export interface KnownGateways {
  /** The state that answered there last. */
  at(url: string): string | undefined;
  /** The error to tell where another state was known at this address; undefined where it is the same, or the first. */
  compare(url: string, stateId: string | undefined): OpenClawError | undefined;
  remember(url: string, stateId: string | undefined): void;
}

const file = 'known-gateways.json';
/** The oldest are forgotten; nobody has so many. */
const limit = 100;

export function createKnownGateways(directory: ClientDirectory): KnownGateways {
  const read = (): JsonObject => {
    const { gateways } = directory.read(file);
    return isJsonObject(gateways) ? gateways : {};
  };
  return {
    at(url) {
      const known = read()[url];
      return typeof known === 'string' ? known : undefined;
    },
    compare(url, stateId) {
      const known = read()[url];
      if (stateId === undefined || typeof known !== 'string' || known === stateId) return undefined;
      return new OpenClawError('state_not_persisted', { details: { url, known, found: stateId } });
    },
    remember(url, stateId) {
      const { [url]: known, ...others } = read();
      if (stateId === undefined || known === stateId) return;
      const kept = Object.entries(others).slice(1 - limit);
      directory.write(file, { version: 1, gateways: Object.fromEntries([...kept, [url, stateId]]) });
    },
  };
}
