/**
 * Which session a request belongs to, for routes that keep a session at one target. Clients say it in different ways; one
 * that does not say it is one session.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { ModelCall } from '../call.ts';

/** `x-openclaw-session`, else what the body says of its prompt cache or user, else the caller. */
export function sessionOf({ headers, caller }: Pick<ModelCall, 'headers' | 'caller'>, body: JsonObject): string {
  const metadata = body['metadata'];
  const said = [
    headers['x-openclaw-session'],
    body['prompt_cache_key'],
    body['user'],
    body['safety_identifier'],
    isJsonObject(metadata) ? metadata['user_id'] : undefined,
  ];
  const session = said.find((value) => typeof value === 'string' && value !== '');
  // With the caller in it: sessions of two keys are two, whatever they are called.
  return session === undefined ? caller.id : `${caller.id}\n${String(session)}`;
}
