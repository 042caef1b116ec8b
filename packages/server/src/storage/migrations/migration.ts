/** What a migration is: numbered, forwards only, in the SQL that both engines share. Once released it never changes. */

export interface Migration {
  /** 1, 2, 3, … without a gap. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}
