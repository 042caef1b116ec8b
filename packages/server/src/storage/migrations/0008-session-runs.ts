/** Which runs make up a session, in which order. What was said in them is in their events. */
import type { Migration } from './migration.ts';

export const sessionRuns: Migration = {
  version: 8,
  name: 'session-runs',
  statements: [
    // Below an id and not below the key: a session that is begun anew has another id, and nothing of before turns up in it.
    `CREATE TABLE session_runs (
      session_id TEXT NOT NULL,
      seq BIGINT NOT NULL,
      run_id TEXT NOT NULL,
      is_summary BIGINT NOT NULL,
      PRIMARY KEY (session_id, seq)
    )`,
    'CREATE UNIQUE INDEX session_runs_run ON session_runs (run_id)',
  ],
};
