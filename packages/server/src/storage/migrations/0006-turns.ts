/** Sessions, what was said in them, and the turns that were taken. */
import type { Migration } from './migration.ts';

export const turns: Migration = {
  version: 6,
  name: 'turns',
  statements: [
    `CREATE TABLE sessions (
      key TEXT PRIMARY KEY NOT NULL,
      session_id TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      label TEXT,
      model TEXT,
      next_seq BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    'CREATE INDEX sessions_updated ON sessions (updated_at, key)',
    // Below an id and not below the key: a session that is begun anew has another id, and nothing of before turns up in it.
    `CREATE TABLE session_messages (
      session_id TEXT NOT NULL,
      seq BIGINT NOT NULL,
      role TEXT NOT NULL,
      text TEXT NOT NULL,
      pieces BIGINT NOT NULL,
      at BIGINT NOT NULL,
      run_id TEXT NOT NULL,
      incomplete BIGINT NOT NULL,
      PRIMARY KEY (session_id, seq)
    )`,
    `CREATE TABLE turns (
      run_id TEXT PRIMARY KEY NOT NULL,
      request_hash TEXT NOT NULL,
      session_key TEXT NOT NULL,
      session_id TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      model TEXT NOT NULL,
      reply_seq BIGINT NOT NULL,
      accepted_at BIGINT NOT NULL,
      started_at BIGINT,
      ended_at BIGINT,
      status TEXT,
      error_code TEXT,
      error_message TEXT,
      input_tokens BIGINT,
      output_tokens BIGINT
    )`,
    // Those under way at a crash are sought at each start, and those that are old enough to be forgotten each hour.
    'CREATE INDEX turns_open ON turns (run_id) WHERE ended_at IS NULL',
    'CREATE INDEX turns_ended ON turns (ended_at, run_id) WHERE ended_at IS NOT NULL',
  ],
};
