/** What `doctor --fix` may do: changes that take nothing away that anybody needs, each shown before it is made. Types only. */

/** One change at one place, thought out and not made yet. */
export interface Change {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** @throws Error when it cannot be made; then nothing has changed there */
  apply(): void;
}

export interface Fix {
  readonly name: string;
  readonly title: string;
  /** What it would change; empty where all is well. It changes nothing. */
  plan(place: FixPlace): Promise<readonly Change[]>;
}

export interface FixPlace {
  readonly stateDirectory: string;
  /** The configuration, and `.env` files, be they there or not. */
  readonly files: readonly string[];
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** A change that was made, or why it was not. */
export interface Fixed {
  readonly fix: string;
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly state: 'planned' | 'done' | 'failed';
  readonly reason?: string;
}
