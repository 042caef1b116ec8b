/** The part of a PostgreSQL driver that storage needs. A pool fits as well as a single session; so does PGlite. */

export interface PostgresResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export interface PostgresSession {
  query(sql: string, params?: readonly unknown[]): Promise<PostgresResult>;
}

export interface PostgresClient extends PostgresSession {
  /** Runs `work` between BEGIN and COMMIT on one session; ROLLBACK if it throws. Read committed is enough. */
  transaction<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result>;
  /** Resolves once the server sends notifications of this channel; the returned function ends that. */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
