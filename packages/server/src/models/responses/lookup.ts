/** Finds what a request refers to: where it is kept, and what it says. Everything belongs to the caller that made it. */
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Database, Row } from '../../storage/index.ts';
import { invalid } from '../dialects/fields.ts';
import { chainLimit, chainSql, type Place } from './stored.ts';

export interface ResponseLookup {
  /** Where a response is kept beside here; `undefined` where only here. @throws OpenClawError `previous_response_not_found` */
  placeOfResponse(owner: string, id: string): Promise<Place | undefined>;
  /** The same for an item of a response. @throws OpenClawError `invalid_request` */
  placeOfItem(owner: string, id: string): Promise<Place | undefined>;
  /** Who wrote the last of these pieces of encrypted reasoning that anything is known of. */
  placeOfProofs(hashes: readonly string[]): Promise<Place | undefined>;
  /** Input and output of a response and of all before it, weighed before any of it is read. @throws OpenClawError `previous_response_not_found` */
  conversation(owner: string, id: string, weigh: (bytes: number) => void): Promise<JsonObject[]>;
  /** As it was written. @throws OpenClawError `invalid_request` */
  item(owner: string, id: string): Promise<string>;
}

/** Only the latest encrypted reasoning is looked at: earlier turns went where it went. */
const proofsLookedAt = 8;

export function createResponseLookup(database: Database): ResponseLookup {
  return {
    async placeOfResponse(owner, id) {
      const [row] = await database.read({
        sql: 'SELECT provider, target, key_id, stored_there FROM responses WHERE owner = $1 AND id = $2',
        params: [owner, id],
      });
      if (!row) throw noPrevious(id);
      return placeOf(row);
    },
    async placeOfItem(owner, id) {
      const [row] = await database.read({
        sql: `SELECT r.provider AS provider, r.target AS target, r.key_id AS key_id, r.stored_there AS stored_there
              FROM response_items i JOIN responses r ON r.owner = i.owner AND r.id = i.response_id
              WHERE i.owner = $1 AND i.item_id = $2 ORDER BY r.expires_at DESC, r.id LIMIT 1`,
        params: [owner, id],
      });
      if (!row) throw noItem(id);
      return placeOf(row);
    },
    async placeOfProofs(hashes) {
      for (const hash of hashes.slice(-proofsLookedAt).toReversed()) {
        const [row] = await database.read({
          sql: 'SELECT provider, target, key_id, 1 AS stored_there FROM response_proofs WHERE hash = $1',
          params: [hash],
        });
        if (row) return placeOf(row);
      }
      return undefined;
    },
    async conversation(owner, id, weigh) {
      const [weight] = await database.read({
        sql: `${chainSql} SELECT SUM(r.bytes) AS bytes FROM chain JOIN responses r ON r.owner = $1 AND r.id = chain.id`,
        params: [owner, id],
      });
      weigh(Number(weight?.['bytes'] ?? 0));
      const rows = await database.read({
        sql: `${chainSql} SELECT chain.depth AS depth, chain.previous_id AS previous_id, i.body AS body FROM chain
              LEFT JOIN response_items i ON i.owner = $1 AND i.response_id = chain.id ORDER BY chain.depth DESC, i.position`,
        params: [owner, id],
      });
      const [first] = rows;
      if (!first) throw noPrevious(id);
      if (Number(first['depth']) >= chainLimit || first['previous_id'] !== null) throw noPrevious(String(first['previous_id']));
      return rows.flatMap(({ body }) => (body === null ? [] : [JSON.parse(String(body)) as JsonObject]));
    },
    async item(owner, id) {
      const [row] = await database.read({
        sql: `SELECT i.body AS body FROM response_items i JOIN responses r ON r.owner = i.owner AND r.id = i.response_id
              WHERE i.owner = $1 AND i.item_id = $2 ORDER BY r.expires_at DESC, r.id LIMIT 1`,
        params: [owner, id],
      });
      if (!row) throw noItem(id);
      return String(row['body']);
    },
  };
}

function placeOf(row: Row): Place | undefined {
  if (Number(row['stored_there']) !== 1) return undefined;
  return { provider: String(row['provider']), target: String(row['target']), keyId: String(row['key_id']) };
}

function noPrevious(id: string): OpenClawError {
  return new OpenClawError('previous_response_not_found', { details: { id: id.slice(0, 100) }, param: 'previous_response_id' });
}

function noItem(id: string): OpenClawError {
  return invalid('input', `refers to the item ${id.slice(0, 100)}, which is not stored here`);
}
