/** Takes secrets out of all that is kept as evidence: what looks like one, and what the environment calls one. */
import { createRedactor, redactedText } from '../../core/redact.ts';

export type Redact = (text: string) => string;

const secretName = /key|token|secret|passw|credential|auth|dsn|private/i;
/** `user:password@` of an address may stand in a variable of any name. */
const address = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]*@/i;
/** Shorter ones, and words like `true`, would take ordinary text out. */
const shortestSecret = 6;

const secretFlag = /^--?[\w-]*(?:password|passwd|token|secret|api-?key)$/i;
const flagged = /((?:^|\s)--?[\w-]*(?:password|passwd|token|secret|api-?key)\s+)[^\s'"-][^\s'"]*/gi;

/** @param environment of the container, as `NAME=value` */
export function createRedact(environment: readonly string[]): Redact {
  const secrets = environment.flatMap((variable) => {
    const [name = '', ...rest] = variable.split('=');
    const value = rest.join('=');
    return value.length >= shortestSecret && (secretName.test(name) || address.test(value)) && !value.startsWith('/') ? [value] : [];
  });
  const redactor = createRedactor(secrets);
  return (text) => redactor.text(text).replace(flagged, `$1${redactedText}`);
}

/** Of a command in its words: what follows `--password` is a word of its own. */
export function redactWords(words: readonly string[], redact: Redact): readonly string[] {
  return words.map((word, index) => (secretFlag.test(words[index - 1] ?? '') ? redactedText : redact(word)));
}
