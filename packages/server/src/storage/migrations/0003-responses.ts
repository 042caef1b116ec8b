/** Stored responses, their items, and which provider can read which encrypted reasoning. */
import type { Migration } from './migration.ts';

export const responses: Migration = {
  version: 3,
  name: 'responses',
  statements: [
    // An id belongs to its owner alone: two providers may make the same one.
    `CREATE TABLE responses (
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      previous_id TEXT,
      provider TEXT NOT NULL,
      target TEXT NOT NULL,
      key_id TEXT NOT NULL,
      stored_there BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      bytes BIGINT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (owner, id)
    )`,
    'CREATE INDEX responses_expiry ON responses (expires_at, owner, id)',
    `CREATE TABLE response_items (
      owner TEXT NOT NULL,
      response_id TEXT NOT NULL,
      position BIGINT NOT NULL,
      item_id TEXT NOT NULL,
      output BIGINT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (owner, response_id, position)
    )`,
    'CREATE INDEX response_items_id ON response_items (owner, item_id)',
    `CREATE TABLE response_proofs (
      hash TEXT PRIMARY KEY NOT NULL,
      provider TEXT NOT NULL,
      target TEXT NOT NULL,
      key_id TEXT NOT NULL,
      expires_at BIGINT NOT NULL
    )`,
    'CREATE INDEX response_proofs_expiry ON response_proofs (expires_at, hash)',
  ],
};
