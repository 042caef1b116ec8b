import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { describeDatabase } from '../database.suite.ts';
import { openSqlite } from './database.ts';
import { storePaths } from './paths.ts';

describeDatabase('SQLite', () =>
  Promise.resolve({
    create(migrations) {
      const directory = mkdtempSync(join(tmpdir(), 'openclaw-sqlite-'));
      return Promise.resolve({
        shared: false,
        // From the first read on by the reader thread: what the writer wrote must be seen from another connection.
        open: () => openSqlite({ paths: storePaths(directory), clock: systemClock, migrations, reader: 'at once' }),
        remove: () => Promise.resolve(rmSync(directory, { recursive: true })),
      });
    },
  }),
);
