/** Durable runs: one row each for how they stand, and their events, which are the truth. */
import type { Migration } from './migration.ts';

export const runs: Migration = {
  version: 7,
  name: 'runs',
  statements: [
    `CREATE TABLE runs (
      id TEXT PRIMARY KEY NOT NULL,
      idempotency_key TEXT,
      request_hash TEXT NOT NULL,
      session_key TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      parent_run_id TEXT,
      status TEXT NOT NULL,
      waits TEXT,
      steps BIGINT NOT NULL,
      input_tokens BIGINT NOT NULL,
      output_tokens BIGINT NOT NULL,
      cost_nano_usd BIGINT,
      next_seq BIGINT NOT NULL,
      owner TEXT,
      epoch BIGINT NOT NULL,
      lease_until BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL,
      ended_at BIGINT
    )`,
    'CREATE UNIQUE INDEX runs_idempotency ON runs (idempotency_key) WHERE idempotency_key IS NOT NULL',
    'CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL',
    'CREATE INDEX runs_ended ON runs (ended_at, id) WHERE ended_at IS NOT NULL',
    'CREATE INDEX runs_created ON runs (created_at, id)',
    'CREATE INDEX runs_session ON runs (session_key, created_at, id)',
    'CREATE INDEX runs_parent ON runs (parent_run_id, id) WHERE parent_run_id IS NOT NULL',
    `CREATE TABLE run_events (
      run_id TEXT NOT NULL,
      seq BIGINT NOT NULL,
      kind TEXT NOT NULL,
      at BIGINT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (run_id, seq)
    )`,
  ],
};
