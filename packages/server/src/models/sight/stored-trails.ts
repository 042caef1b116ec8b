/** Trails of requests that are not in memory any more: from their usage rows. Of what went well at once a row knows no attempts. */
import type { RequestTrail, RequestTrails } from '@openclaw/protocol';
import type { Database, Row } from '../../storage/index.ts';
import { parseTrailText } from './trail.ts';

export interface StoredTrails {
  find(id: string): Promise<RequestTrail | undefined>;
  recent(limit: number): Promise<RequestTrails>;
}

const columns =
  'id, at, key_id, dialect_in, requested_model, provider, model, stream, outcome, status, attempts, ' +
  'input_tokens, output_tokens, cost_nano_usd, first_token_ms, total_ms, trail, cached';

export function createStoredTrails(database: Database): StoredTrails {
  return {
    async find(id) {
      const [row] = await database.read({ sql: `SELECT ${columns} FROM usage_requests WHERE id = $1`, params: [id] });
      return row && trailOf(row);
    },
    async recent(limit) {
      const [rows, [oldest]] = await Promise.all([
        database.read({ sql: `SELECT ${columns} FROM usage_requests ORDER BY at DESC, id DESC LIMIT $1`, params: [limit] }),
        database.read({ sql: 'SELECT MIN(at) AS at FROM usage_requests' }),
      ]);
      const atMs = oldest?.['at'] ?? null;
      return { requests: rows.map(trailOf), oldest: atMs === null ? null : new Date(Number(atMs)).toISOString() };
    },
  };
}

function trailOf(row: Row): RequestTrail {
  const number = (column: string): number => Number(row[column] ?? 0);
  const orNull = (column: string): number | null => (row[column] === null ? null : number(column));
  const text = (column: string): string => String(row[column] ?? '');
  const provider = row['provider'] ?? null;
  return {
    id: text('id'),
    at: new Date(number('at')).toISOString(),
    caller: text('key_id'),
    dialect: text('dialect_in'),
    requestedModel: text('requested_model'),
    target: provider === null ? null : `${provider}/${text('model')}`,
    stream: number('stream') === 1,
    outcome: text('outcome'),
    status: number('status'),
    firstOutputMs: orNull('first_token_ms'),
    totalMs: number('total_ms'),
    inputTokens: number('input_tokens'),
    outputTokens: number('output_tokens'),
    costNanoUsd: orNull('cost_nano_usd'),
    cached: number('cached') === 1,
    attemptCount: number('attempts'),
    ...parseTrailText(row['trail'] === null ? null : text('trail')),
  };
}
