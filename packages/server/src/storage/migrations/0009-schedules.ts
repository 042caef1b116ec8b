/** Schedules, and which of their times were acted on. */
import type { Migration } from './migration.ts';

export const schedules: Migration = {
  version: 9,
  name: 'schedules',
  statements: [
    // `settled_until`: nothing up to then is due any more. `floor_at`: what was acted on up to then is not remembered one by one.
    `CREATE TABLE schedules (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      definition TEXT NOT NULL,
      is_enabled BIGINT NOT NULL,
      revision BIGINT NOT NULL,
      settled_until BIGINT NOT NULL,
      floor_at BIGINT NOT NULL,
      claims BIGINT NOT NULL,
      last_run_id TEXT,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    'CREATE UNIQUE INDEX schedules_name ON schedules (name)',
    // `request`: what is asked of runs, until it is known what came of it.
    `CREATE TABLE schedule_firings (
      schedule_id TEXT NOT NULL,
      firing TEXT NOT NULL,
      due_at BIGINT NOT NULL,
      outcome TEXT NOT NULL,
      run_id TEXT,
      reason TEXT,
      request TEXT,
      decided_at BIGINT NOT NULL,
      PRIMARY KEY (schedule_id, firing)
    )`,
    'CREATE INDEX schedule_firings_due ON schedule_firings (schedule_id, due_at, firing)',
    "CREATE INDEX schedule_firings_claimed ON schedule_firings (schedule_id, firing) WHERE outcome = 'claimed'",
  ],
};
