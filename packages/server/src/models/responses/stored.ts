/** What is kept of one response: rows for the database, made of the request and of its answer. It does not write them. */
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Statement } from '../../storage/index.ts';
import { isForeignProof } from '../dialects/openai-responses/reasoning.ts';

export interface StoredResponse {
  readonly owner: string;
  readonly id: string;
  readonly previousId: string | undefined;
  /** Who answered. */
  readonly place: Place;
  /** Whether the provider keeps it too, so that it can be asked to go on from there. */
  readonly storedThere: boolean;
  /** The response object without its output. */
  readonly body: string;
  readonly items: readonly StoredItem[];
  readonly bytes: number;
}

/** Who can go on from something, or read it. */
export interface Place {
  readonly provider: string;
  /** `provider/model`. */
  readonly target: string;
  /** Which of the provider's keys. */
  readonly keyId: string;
}

export interface StoredItem {
  readonly id: string;
  readonly isOutput: boolean;
  /** As the client or the provider wrote it. */
  readonly body: string;
}

export interface Answered {
  readonly owner: string;
  /** The client's request and the whole response. */
  readonly request: JsonObject;
  readonly answer: JsonObject;
  readonly place: Place;
  /** Whether the answer is the provider's own, byte for byte. */
  readonly passedThrough: boolean;
}

/** `undefined` where the client or the answer says that nothing is to be kept. */
export function storedResponseOf({ owner, request, answer, place, passedThrough }: Answered): StoredResponse | undefined {
  const { id, output } = answer;
  if (request['store'] === false || typeof id !== 'string' || id === '') return undefined;
  const previous = request['previous_response_id'];
  const items = [...inputItems(request['input'], id), ...outputItems(output, id)];
  const body = JSON.stringify({ ...answer, output: [] });
  return {
    ...{ owner, id, place, body, items },
    previousId: typeof previous === 'string' && previous !== id ? previous : undefined,
    // Servers of this dialect that keep nothing do not say that they do.
    storedThere: passedThrough && answer['store'] === true,
    bytes: items.reduce((sum, item) => sum + item.body.length, body.length),
  };
}

function inputItems(input: JsonValue | undefined, responseId: string): StoredItem[] {
  const items: JsonValue[] =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : Array.isArray(input) ? input : [];
  return items
    .filter(isJsonObject)
    .map((item, position) => itemOf(item, { id: `msg_${idEnd(responseId)}_in${position}`, isOutput: false }));
}

function outputItems(output: JsonValue | undefined, responseId: string): StoredItem[] {
  const items = Array.isArray(output) ? output.filter(isJsonObject) : [];
  return items.map((item, position) => itemOf(item, { id: `item_${idEnd(responseId)}_${position}`, isOutput: true }));
}

function itemOf(item: JsonObject, { id, isOutput }: { readonly id: string; readonly isOutput: boolean }): StoredItem {
  return { id: typeof item['id'] === 'string' && item['id'] !== '' ? item['id'] : id, isOutput, body: JSON.stringify(item) };
}

function idEnd(responseId: string): string {
  return responseId.replace(/^resp_/, '');
}

/** An item of the input as the API lists it: with its id, and nothing left out that the client could leave out. */
export function listedItem(body: JsonObject, id: string): JsonObject {
  const { role, content } = body;
  if (body['type'] !== undefined && body['type'] !== 'message') return { ...body, id };
  const type = role === 'assistant' ? 'output_text' : 'input_text';
  const parts = typeof content === 'string' ? [{ type, text: content }] : (content ?? []);
  return { status: 'completed', ...body, id, type: 'message', content: parts };
}

/** A hash for each piece of encrypted reasoning in these items, in their order. No content can be had from it. */
export function proofsIn(items: JsonValue | undefined): string[] {
  if (!Array.isArray(items)) return [];
  const proofs: string[] = [];
  for (const item of items) {
    const encrypted = isJsonObject(item) && item['type'] === 'reasoning' ? item['encrypted_content'] : undefined;
    if (typeof encrypted !== 'string' || encrypted === '' || isForeignProof(encrypted)) continue;
    proofs.push(createHash('sha256').update(encrypted).digest('base64url').slice(0, 27));
  }
  return proofs;
}

export function insertStatements(response: StoredResponse, expiresAtMs: number): Statement[] {
  const { owner, id, previousId, place, storedThere, body, items, bytes } = response;
  return [
    { sql: 'DELETE FROM response_items WHERE owner = $1 AND response_id = $2', params: [owner, id] },
    {
      sql: `INSERT INTO responses (owner, id, previous_id, provider, target, key_id, stored_there, expires_at, bytes, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (owner, id) DO UPDATE SET previous_id = $3, provider = $4, target = $5, key_id = $6, stored_there = $7,
              expires_at = $8, bytes = $9, body = $10`,
      params: [
        ...[owner, id, previousId ?? null, place.provider, place.target, place.keyId],
        ...[storedThere ? 1 : 0, expiresAtMs, bytes, body],
      ],
    },
    ...items.map((item, position): Statement => ({
      sql: `INSERT INTO response_items (owner, response_id, position, item_id, output, body) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (owner, response_id, position) DO NOTHING`,
      params: [owner, id, position, item.id, item.isOutput ? 1 : 0, item.body],
    })),
    ...(previousId === undefined ? [] : [keepAncestors(response, expiresAtMs)]),
  ];
}

export function deleteStatements(owner: string, id: string): Statement[] {
  return [
    { sql: 'DELETE FROM response_items WHERE owner = $1 AND response_id = $2', params: [owner, id] },
    { sql: 'DELETE FROM responses WHERE owner = $1 AND id = $2', params: [owner, id] },
  ];
}

/** A conversation that goes on is kept as a whole. */
function keepAncestors({ owner, previousId }: StoredResponse, expiresAtMs: number): Statement {
  return {
    sql: `UPDATE responses SET expires_at = $3 WHERE owner = $1 AND expires_at < $3 AND id IN (${chainSql} SELECT id FROM chain)`,
    params: [owner, previousId ?? null, expiresAtMs],
  };
}

/** More turns than any conversation has; a chain that goes round ends here. */
export const chainLimit = 1000;

/** The response `$2` of the owner `$1` and all that it goes on from. */
export const chainSql = `WITH RECURSIVE chain(id, previous_id, depth) AS (
  SELECT id, previous_id, 0 FROM responses WHERE owner = $1 AND id = $2
  UNION ALL
  SELECT r.id, r.previous_id, chain.depth + 1 FROM responses r JOIN chain ON r.id = chain.previous_id
  WHERE r.owner = $1 AND chain.depth < ${chainLimit}
)`;
