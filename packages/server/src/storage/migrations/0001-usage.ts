/** What requests used and cost, virtual keys, and the change feed. */
import type { Migration } from './migration.ts';

export const usage: Migration = {
  version: 1,
  name: 'usage',
  statements: [
    `CREATE TABLE usage_requests (
      id TEXT PRIMARY KEY NOT NULL,
      at BIGINT NOT NULL,
      key_id TEXT,
      route TEXT,
      requested_model TEXT,
      provider TEXT,
      model TEXT,
      dialect_in TEXT,
      stream BIGINT NOT NULL,
      outcome TEXT NOT NULL,
      status BIGINT,
      attempts BIGINT NOT NULL,
      input_tokens BIGINT,
      cache_read_tokens BIGINT,
      cache_write_tokens BIGINT,
      output_tokens BIGINT,
      reasoning_tokens BIGINT,
      cost_nano_usd BIGINT,
      first_token_ms DOUBLE PRECISION,
      total_ms DOUBLE PRECISION
    )`,
    'CREATE INDEX usage_requests_at ON usage_requests (at)',
    `CREATE TABLE virtual_keys (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      prefix TEXT NOT NULL,
      scopes TEXT NOT NULL,
      models TEXT,
      created_at BIGINT NOT NULL,
      expires_at BIGINT,
      revoked_at BIGINT,
      rpm BIGINT,
      tpm BIGINT,
      usd_per_day_nano BIGINT,
      usd_per_month_nano BIGINT
    )`,
    'CREATE TABLE changes (position BIGINT PRIMARY KEY NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL)',
  ],
};
