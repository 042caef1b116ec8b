/** Sessions as they go over a wire: conversations under a key. Times are milliseconds since 1970. Types only. */

export interface SessionView {
  readonly key: string;
  readonly agentId: string;
  readonly label: string | null;
  readonly model: string | null;
  readonly messageCount: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface SessionMessageView {
  readonly seq: number;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly text: string;
  readonly atMs: number;
  readonly runId: string;
}

export interface SessionDetails extends SessionView {
  /** The last ones, the oldest first. */
  readonly messages: readonly SessionMessageView[];
}

export interface DeletedSession {
  readonly key: string;
  readonly deleted: true;
}
