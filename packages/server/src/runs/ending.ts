/** What a run came to, in words. Pure. */

/** Agents end with a text; what a program of somebody's ends with is shown as it is. */
export function answerOf(output: unknown): string {
  if (typeof output === 'object' && output !== null && 'text' in output && typeof output.text === 'string') return output.text;
  if (typeof output === 'string') return output;
  return output === null || output === undefined ? '' : JSON.stringify(output);
}

export function failureWords({ message, hint }: { readonly message: string; readonly hint: string }): string {
  return hint === '' ? message : `${message} ${hint}`;
}
