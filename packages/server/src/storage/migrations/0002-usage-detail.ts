/** How each request was answered, and what each key has spent, found by an index. */
import type { Migration } from './migration.ts';

export const usageDetail: Migration = {
  version: 2,
  name: 'usage-detail',
  statements: [
    'ALTER TABLE usage_requests ADD COLUMN trail TEXT',
    'ALTER TABLE usage_requests ADD COLUMN cached BIGINT',
    // Rows without a cost are none of it, so what costs nothing to ask costs nothing to index.
    'CREATE INDEX usage_requests_spending ON usage_requests (key_id, at, cost_nano_usd) WHERE cost_nano_usd > 0',
  ],
};
