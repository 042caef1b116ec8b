/**
 * Takes secrets out of text and of structured values: those it was told of, and what looks like one.
 *
 * A known secret is found wherever it stands (values, names of fields, inside longer text, as written in JSON or in a URL),
 * and also when its pieces stand in neighbouring values of one structure. It does not find secrets in other encodings
 * (base64 beyond `Basic …`, hexadecimal), nor known ones shorter than `shortestSecret`: hiding every `ab` hides no secret.
 */
import type { JsonObject, JsonValue } from './json.ts';

export interface Redactor {
  /** From now on these strings are taken out. Adding one again does nothing. */
  add(...secrets: readonly string[]): void;
  text(text: string): string;
  /** A copy of `value` without secrets; also looks across neighbouring strings. */
  value<Value extends JsonValue>(value: Value): Value;
}

export const redactedText = '[redacted]';

export const shortestSecret = 4;
/** Below this a secret in pieces is not looked for: short ones would turn up between any two words. */
const shortestSplitSecret = 8;

/** Keys and tokens that betray themselves by how they begin. Each needs a length that no ordinary word has. */
const tokenShapes = [
  /\b(?:sk|pk|rk|xai|pplx|nvapi|glpat|csk)[-_][A-Za-z0-9_-]{8,}/,
  /\b(?:ock|ocd|tgp_v1|github_pat)_[A-Za-z0-9_-]{20,}/,
  /\b(?:gh[oprsu]|gsk|hf|r8|npm|fw)_[A-Za-z0-9]{16,}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{8,}/,
  /\bA(?:KI|SI)A[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{20,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/,
];

/** Names of fields whose value is a secret, as they stand in text: `api_key=…`, `"password": "…"`, `x-api-key: …`. */
const secretNames =
  /(?:authorization|api[-_]?key|(?:access|refresh|auth|gateway|session|id)[-_]?token|client[-_]?secret|private[-_]?key|password|passwd|secret|token)/
    .source;

/** What stands before a secret and is kept is in one of three groups. TOKEN is the word that our own hints use. */
const lookalike = new RegExp(
  [
    /(\bbearer\s+)[^\s"',;\\]{8,}/,
    new RegExp(
      `((?:\\b|_|-)${secretNames}${/\\?["']?\s*[=:]\s*\\?["']?/.source})` +
        /(?!(?:bearer )?TOKEN\b)(?:(?:bearer|basic)\s+)?[^\s"'&,;\\(){}[\]]{4,}/.source,
    ),
    /(:\/\/)[^\s/@:"']{0,256}:[^\s/@"']{1,256}(?=@)/,
    ...tokenShapes,
  ]
    .map((pattern) => pattern.source)
    .join('|'),
  'gi',
);

/** Names whose whole value goes, whatever it looks like; compared without case, `-` and `_`. */
const secretFieldName =
  /^(?:cookie|setcookie|authorization|proxyauthorization|token|passphrase|.*(?:apikey|accesstoken|refreshtoken|authtoken|gatewaytoken|bearertoken|password|passwd|secret|privatekey))$/;

/** What is known of a field's name. */
interface FieldName {
  readonly text: string;
  /** Whether the whole value goes. */
  readonly secret: boolean;
}

/** Names kept in mind; they come from the program, and only by accident from outside. */
const nameLimit = 1000;

export function createRedactor(initialSecrets: readonly string[] = []): Redactor {
  const known = new Set<string>();
  let knownPattern: RegExp | undefined;
  let splitPattern: RegExp | undefined;
  // The same few names come with every line.
  const names = new Map<string, FieldName>();

  const add = (...secrets: readonly string[]): void => {
    for (const secret of secrets) {
      const forms = [secret, secret.trim(), JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
      for (const form of forms) if (form.length >= shortestSecret && !redactedText.includes(form)) known.add(form);
    }
    // Longest first, so that of two secrets, one the beginning of the other, nothing is left standing.
    const longestFirst = Array.from(known).sort((a, b) => b.length - a.length);
    knownPattern = patternOf(longestFirst);
    splitPattern = patternOf(longestFirst.filter((secret) => secret.length >= shortestSplitSecret));
    names.clear();
  };

  const text = (input: string): string => {
    if (input.length < shortestSecret) return input;
    const withoutKnown = knownPattern === undefined ? input : input.replace(knownPattern, redactedText);
    return withoutKnown.replace(lookalike, (...match: (string | undefined)[]) => (match[1] ?? match[2] ?? match[3] ?? '') + redactedText);
  };

  const fieldName = (name: string): FieldName => {
    let known = names.get(name);
    if (known === undefined) {
      if (names.size >= nameLimit) names.clear();
      known = { text: text(name), secret: isSecretName(name) };
      names.set(name, known);
    }
    return known;
  };

  const copyOf = (input: JsonValue): JsonValue => {
    if (typeof input === 'string') return text(input);
    if (typeof input !== 'object' || input === null) return input;
    if (Array.isArray(input)) return input.map(copyOf);
    const copy: JsonObject = {};
    for (const [name, item] of Object.entries(input)) {
      const field = fieldName(name);
      const hidden = field.secret && (typeof item === 'string' || Array.isArray(item));
      define(copy, field.text, hidden ? mapStrings(item, blank) : copyOf(item));
    }
    return copy;
  };

  const value = <Value extends JsonValue>(input: Value): Value => {
    const copy = copyOf(input);
    return (splitPattern === undefined ? copy : withoutSplit(copy, splitPattern)) as Value;
  };

  add(...initialSecrets);
  return { add, text, value };
}

function patternOf(secrets: readonly string[]): RegExp | undefined {
  return secrets.length === 0
    ? undefined
    : new RegExp(secrets.map((secret) => secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
}

function blank(text: string): string {
  return text === '' ? '' : redactedText;
}

function isSecretName(name: string): boolean {
  return name.length >= 5 && secretFieldName.test(name.replace(/[-_]/g, '').toLowerCase());
}

/** By definition, not assignment: a field may be called `__proto__`. */
function define(target: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Blanks the strings among which a secret stands in pieces: read one after the other, without the names between them. */
function withoutSplit(value: JsonValue, pattern: RegExp): JsonValue {
  const strings: string[] = [];
  collectStrings(value, strings);
  const joined = strings.join('');
  if (strings.length < 2 || joined.search(pattern) === -1) return value;
  const matches = Array.from(joined.matchAll(pattern), ({ index, 0: { length } }) => ({ start: index, end: index + length }));
  let position = 0;
  return mapStrings(value, (string) => {
    const start = position;
    position += string.length;
    return matches.some((match) => match.start < position && match.end > start) ? redactedText : string;
  });
}

function collectStrings(value: JsonValue, strings: string[]): void {
  if (typeof value === 'string') strings.push(value);
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) collectStrings(item, strings);
}

function mapStrings(value: JsonValue, map: (text: string) => string): JsonValue {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  const copy: JsonObject = {};
  for (const [name, item] of Object.entries(value)) define(copy, name, mapStrings(item, map));
  return copy;
}
