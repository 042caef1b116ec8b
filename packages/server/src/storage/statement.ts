/**
 * Checks a statement before any engine sees it, so that what one engine would let pass fails on every engine alike.
 *
 * It reads SQL as far as needed to find parameters and forbidden words outside quotes and comments. It is no parser: what it lets
 * pass may still be refused by the engine.
 */
import { OpenClawError } from '../core/errors.ts';
import type { Statement, Value } from './database.ts';

export interface StatementChecker {
  /** @throws OpenClawError `storage_failed` */
  checkRead(statement: Statement): void;
  /** @throws OpenClawError `storage_failed` */
  checkWrite(statement: Statement): void;
}

interface Findings {
  readonly verb: string;
  readonly parameters: number;
  readonly problem: string | undefined;
  /** The name of something whose result differs from one run to the next. */
  readonly variable: string | undefined;
}

/** Texts whose findings are remembered: parts have few, but some have one per number of rows. */
const rememberedTexts = 1000;
const smallestInteger = -(2n ** 63n);
const largestInteger = 2n ** 63n - 1n;

const quotedOrComment = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//;
const token = new RegExp(
  [
    quotedOrComment.source,
    /(;)/.source,
    /\$(\d+)/.source,
    /\b(random|randomblob|gen_random_uuid|now|clock_timestamp|date|time|datetime|julianday|unixepoch|strftime)\s*\(/.source,
    /\b(current_(?:timestamp|date|time)|localtime(?:stamp)?)\b/.source,
  ].join('|'),
  'gi',
);
const parameter = new RegExp(`(${quotedOrComment.source})|\\$(\\d+)`, 'g');

export function createStatementChecker(): StatementChecker {
  const remembered = new Map<string, Findings>();

  const findingsOf = (sql: string): Findings => {
    const known = remembered.get(sql);
    if (known) return known;
    const findings = examine(sql);
    if (remembered.size >= rememberedTexts) remembered.clear();
    remembered.set(sql, findings);
    return findings;
  };

  const check = ({ sql, params = [] }: Statement, verbs: readonly string[]): Findings => {
    const findings = findingsOf(sql);
    if (findings.problem !== undefined) throw refusal(sql, findings.problem);
    if (!verbs.includes(findings.verb)) throw refusal(sql, `it begins with ${findings.verb || 'nothing'}, not with ${verbs.join(' or ')}`);
    if (findings.parameters !== params.length) throw refusal(sql, `it names ${findings.parameters} parameters and got ${params.length}`);
    for (const [index, value] of params.entries()) {
      const problem = problemOf(value);
      if (problem !== undefined) throw refusal(sql, `$${index + 1} ${problem}`);
    }
    return findings;
  };

  return {
    checkRead: (statement) => void check(statement, ['SELECT', 'WITH']),
    checkWrite(statement) {
      const { variable } = check(statement, ['INSERT', 'UPDATE', 'DELETE', 'WITH']);
      if (variable !== undefined)
        throw refusal(statement.sql, `${variable} gives something else when the write is replayed; pass the value in`);
    },
  };
}

/** A result is built in memory and copied: more rows than this are a missing LIMIT. */
export const rowLimit = 100_000;

export function tooManyRows(sql: string): OpenClawError {
  return refusal(sql, `it has more than ${rowLimit} rows; add a LIMIT`);
}

/** SQLite's `$1` is a name; its numbered parameters are `?1`. */
export function toNumberedParameters(sql: string): string {
  return sql.replace(parameter, (whole, skipped: string | undefined, number: string | undefined) =>
    skipped === undefined && number !== undefined ? `?${number}` : whole,
  );
}

function examine(sql: string): Findings {
  const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  const numbers = new Set<number>();
  let problem: string | undefined;
  let variable: string | undefined;
  for (const match of sql.matchAll(token)) {
    const [, semicolon, number, call, word] = match;
    if (number !== undefined) numbers.add(Number(number));
    if (semicolon !== undefined && sql.slice(match.index + 1).trim() !== '') problem = 'it holds more than one statement';
    variable ??= call ?? word;
  }
  const parameters = Math.max(0, ...numbers);
  if (numbers.has(0) || numbers.size !== parameters) problem = 'its parameters are not numbered from $1 without a gap';
  return { verb, parameters, problem, variable };
}

function problemOf(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? 'holds a NUL character, which PostgreSQL cannot store' : undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : 'is not a finite number';
    case 'bigint':
      return value < smallestInteger || value > largestInteger ? 'does not fit into 64 bits' : undefined;
    default:
      return value === null ? undefined : `is a ${typeof value}, and not text, a number or null`;
  }
}

/** Names the statement by its beginning; never its values. */
function refusal(sql: string, reason: string): OpenClawError {
  return new OpenClawError('storage_failed', { details: { reason: `${abridge(sql)}: ${reason}` } });
}

function abridge(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length <= 80 ? line : `${line.slice(0, 80)}…`;
}
