/** What a row of the error catalogue says. Types only. */

export interface ErrorEntry {
  /** HTTP status of the answer; 0 where the error never reaches an HTTP client (command lines, start-up). */
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** One sentence; `{name}` is filled in from the details. */
  readonly message: string;
  /** What the reader can do about it; `{name}` is filled in from the details. */
  readonly hint: string;
}
