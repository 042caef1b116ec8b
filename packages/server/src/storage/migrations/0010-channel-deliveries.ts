/** What channels send: it is there from the commit that it speaks of until a while after it was delivered, or given up. */
import type { Migration } from './migration.ts';

export const channelDeliveries: Migration = {
  version: 10,
  name: 'channel-deliveries',
  statements: [
    // `queued_at`: from when on its age counts, which is anew where somebody asks for another round. `owner`: who is sending it; with it
    // `next_at` is the end of its time for that.
    `CREATE TABLE channel_deliveries (
      id TEXT PRIMARY KEY NOT NULL,
      channel TEXT NOT NULL,
      run_id TEXT NOT NULL,
      type TEXT NOT NULL,
      notice TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts BIGINT NOT NULL,
      owner TEXT,
      next_at BIGINT NOT NULL,
      queued_at BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      settled_at BIGINT,
      failure TEXT
    )`,
    "CREATE INDEX channel_deliveries_waiting ON channel_deliveries (channel, next_at, id) WHERE state = 'waiting'",
    'CREATE INDEX channel_deliveries_listed ON channel_deliveries (channel, state, created_at, id)',
  ],
};
