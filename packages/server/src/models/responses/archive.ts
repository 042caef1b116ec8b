/**
 * The stored responses: written after each answer in batches, read, deleted, and given up when they are old or too many.
 *
 * It does not decide what a request may refer to: see `prepare.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import type { Database, Row, Statement } from '../../storage/index.ts';
import { countExpired, createPruning } from './pruning.ts';
import { deleteStatements, insertStatements, listedItem, proofsIn, storedResponseOf, type Answered } from './stored.ts';
import { createWriteQueue } from './write-queue.ts';

export interface ResponseArchiveOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** For how long a response is kept after it was last gone on from. @default 30 days, as at OpenAI */
  readonly keepMs?: () => number;
  /** Beyond these the oldest are given up first. @default 100_000 responses, 1 GiB */
  readonly limitResponses?: number;
  readonly limitBytes?: number;
}

export const responseArchiveDefaults = {
  keepMs: () => 30 * 24 * 60 * 60 * 1000,
  limitResponses: 100_000,
  limitBytes: 1024 * 1024 * 1024,
} as const;

export interface InputItemsQuestion {
  readonly order: 'asc' | 'desc';
  /** The id of the item that the page comes after. */
  readonly after: string | undefined;
  readonly limit: number;
  /** As for `read`. */
  readonly weigh?: ((bytes: number) => void) | undefined;
}

export interface InputItemsPage {
  readonly items: readonly JsonObject[];
  readonly hasMore: boolean;
}

export interface ResponseArchive {
  /** Keeps what the client wants kept; written soon after, and found at once. Never throws. */
  keep(answered: Answered): void;
  /** Waits until what was kept can be read by a query. */
  settled(): Promise<void>;
  /**
   * The response object.
   * @param weigh told how large it is with its input before it is read; may refuse by throwing
   * @throws OpenClawError `response_not_found`, also for those of other callers
   */
  read(owner: string, id: string, weigh?: (bytes: number) => void): Promise<JsonObject>;
  /** @throws OpenClawError `response_not_found`; `invalid_request` where `after` is no item of it */
  inputItems(owner: string, id: string, question: InputItemsQuestion): Promise<InputItemsPage>;
  /** @throws OpenClawError `response_not_found` */
  remove(owner: string, id: string): Promise<void>;
  /** Those whose time is over and that are still there. */
  stale(): Promise<{ readonly items: number; readonly bytes: number }>;
  close(): Promise<void>;
}

export function createResponseArchive(options: ResponseArchiveOptions): ResponseArchive {
  const { database, clock, log, keepMs, limitResponses, limitBytes } = { ...responseArchiveDefaults, ...options };
  const pruning = createPruning({ database, clock, log, limitResponses, limitBytes });
  const queue = createWriteQueue({ database, clock, log, onWritten: (responses, bytes) => pruning.added(responses, bytes) });

  async function find(owner: string, id: string, weigh?: (bytes: number) => void): Promise<Row> {
    await queue.settled();
    const [row] = await database.read({ sql: 'SELECT body, bytes FROM responses WHERE owner = $1 AND id = $2', params: [owner, id] });
    if (!row) throw notFound(id);
    weigh?.(Number(row['bytes']));
    return row;
  }

  return {
    keep(answered) {
      const expiresAtMs = clock.now() + keepMs();
      const response = storedResponseOf(answered);
      const proofs = answered.passedThrough ? proofsIn(answered.answer['output']) : [];
      const statements = proofs.map((hash) => proofStatement(hash, answered, expiresAtMs));
      if (response) statements.push(...insertStatements(response, expiresAtMs));
      if (statements.length > 0) queue.add({ statements, responses: response ? 1 : 0, bytes: response?.bytes ?? 0 });
    },
    settled: () => queue.settled(),
    async read(owner, id, weigh) {
      const row = await find(owner, id, weigh);
      return { ...jsonOf(row), output: (await readItems(database, { owner, id, output: 1 })).map(jsonOf) };
    },
    async inputItems(owner, id, { order, after, limit, weigh }) {
      await find(owner, id, weigh);
      const rows = await readItems(database, { owner, id, output: 0 });
      if (order === 'desc') rows.reverse();
      const start = after === undefined ? 0 : rows.findIndex((item) => item['item_id'] === after) + 1;
      if (after !== undefined && start === 0) throw noSuchItem(after);
      const items = rows.slice(start, start + limit).map((item) => listedItem(jsonOf(item), String(item['item_id'])));
      return { items, hasMore: rows.length > start + limit };
    },
    async remove(owner, id) {
      await find(owner, id);
      await database.write({ statements: deleteStatements(owner, id) });
    },
    stale: () => countExpired(database, clock.now()),
    async close() {
      await queue.settled();
      await pruning.stop();
    },
  };
}

function readItems(database: Database, { owner, id, output }: { owner: string; id: string; output: 0 | 1 }): Promise<Row[]> {
  return database.read({
    sql: 'SELECT item_id, body FROM response_items WHERE owner = $1 AND response_id = $2 AND output = $3 ORDER BY position',
    params: [owner, id, output],
  });
}

function proofStatement(hash: string, { place }: Answered, expiresAtMs: number): Statement {
  return {
    sql: `INSERT INTO response_proofs (hash, provider, target, key_id, expires_at) VALUES ($1, $2, $3, $4, $5)
          ON CONFLICT (hash) DO UPDATE SET provider = $2, target = $3, key_id = $4, expires_at = $5`,
    params: [hash, place.provider, place.target, place.keyId, expiresAtMs],
  };
}

function jsonOf(row: Row): JsonObject {
  return JSON.parse(String(row['body'])) as JsonObject;
}

function notFound(id: string): OpenClawError {
  return new OpenClawError('response_not_found', { details: { id: id.slice(0, 100) } });
}

function noSuchItem(after: string): OpenClawError {
  return new OpenClawError('invalid_request', {
    details: { path: 'after', reason: `${after.slice(0, 100)} is no item of this response's input` },
    param: 'after',
  });
}
