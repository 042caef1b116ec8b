/** What is shown of a failure, wherever it came from: HTTP, the WebSocket, the browser. */
export interface DescribedError {
  readonly message: string;
  /** Of the catalogue where there is one, else of the wire. */
  readonly code: string | undefined;
  readonly hint: string | undefined;
}

export function describeError(thrown: unknown): DescribedError {
  if (!(thrown instanceof Error)) return { message: String(thrown), code: undefined, hint: undefined };
  const { code, hint, details } = thrown as Error & { code?: unknown; hint?: unknown; details?: { openclawCode?: unknown } };
  const words = textOf(hint);
  // For programs that show the message alone the hint is at its end too.
  const message = words === undefined ? thrown.message : thrown.message.replace(` ${words}`, '');
  return { message, code: textOf(details?.openclawCode) ?? textOf(code), hint: words };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
