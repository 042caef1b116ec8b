/**
 * Ids for the calls of models that give none: clients need one for each call, for ever. The same call of the same answer
 * always gets the same id, and Gemini is never sent one that it did not give.
 */
import type { JsonObject } from '../../../core/json.ts';
import { shortToolId } from '../tool-ids.ts';

const prefix = 'gemini_';

export function madeUpId(answerId: string, position: number, call: string): string {
  return `${prefix}${shortToolId(`${answerId}:${position}:${call}`)}`;
}

/** The `id` of a call and of its result; no field for a model that gave none and matches them by name and order. */
export function idOnWire(id: string): JsonObject {
  return /^gemini_[0-9a-z]{9}$/.test(id) ? {} : { id };
}
