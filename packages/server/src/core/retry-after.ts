/** How long somebody who answered over HTTP asks to be left alone. */

/** Names in lower case. */
type RetryHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Nobody means longer: one slip of whoever is asked must not be the end of it for a year. */
const longestWaitMs = 86_400_000;

/** Milliseconds to wait from `retry-after-ms`, or from `retry-after` in seconds or as a date. */
export function retryAfterOf(headers: RetryHeaders, nowMs: number): number | undefined {
  const askedMs = askedWaitOf(headers, nowMs);
  return askedMs === undefined ? undefined : Math.min(askedMs, longestWaitMs);
}

function askedWaitOf(headers: RetryHeaders, nowMs: number): number | undefined {
  const [exactly, written, theirs] = ['retry-after-ms', 'retry-after', 'date'].map((name) => textOf(headers[name]));
  const exact = numberOf(exactly);
  if (exact !== undefined) return exact;
  const seconds = numberOf(written);
  if (seconds !== undefined) return seconds * 1000;
  // A date begins with its day of the week; without that, `Date.parse` takes nearly anything for one.
  const date = written !== undefined && /^\s*[a-z]{3}/i.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(date)) return undefined;
  // By the clock that wrote it, where it says what time it is: the two may differ by more than the wait.
  const theirsMs = Date.parse(theirs ?? '');
  return Math.max(0, date - (Number.isNaN(theirsMs) ? nowMs : theirsMs));
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d{1,9}(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}

function textOf(value: RetryHeaders[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
