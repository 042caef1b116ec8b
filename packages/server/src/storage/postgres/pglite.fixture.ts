/** PostgreSQL inside the test process, as a client of the kind that storage asks for. One session, so transactions take turns. */
import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { PostgresClient, PostgresResult, PostgresSession } from './client.ts';

export interface PgliteServer {
  /** A client of its own; closing it leaves the server up. */
  connect(): PostgresClient;
  /** Forgets all tables. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPglite(): Promise<PgliteServer> {
  const server = await PGlite.create();
  const sessionOf = (target: PGlite | Transaction): PostgresSession => ({
    query: async (sql, params = []): Promise<PostgresResult> => target.query<Record<string, unknown>>(sql, [...params]),
  });
  return {
    connect: () => ({
      ...sessionOf(server),
      transaction: (work) => server.transaction((transaction) => work(sessionOf(transaction))),
      listen: (channel, listener) => server.listen(channel, listener),
      close: () => Promise.resolve(),
    }),
    async empty() {
      await server.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    },
    stop: () => server.close(),
  };
}
