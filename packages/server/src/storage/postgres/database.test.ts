import { describeDatabase } from '../database.suite.ts';
import { openPostgres } from './database.ts';
import { startPglite } from './pglite.fixture.ts';

describeDatabase('PostgreSQL (PGlite)', async () => {
  const server = await startPglite();
  return {
    create: (migrations) =>
      Promise.resolve({
        shared: true,
        open: () => openPostgres({ client: server.connect(), migrations }),
        remove: () => server.empty(),
      }),
    stop: () => server.stop(),
  };
});
