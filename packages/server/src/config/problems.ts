/**
 * What is wrong with a configuration: a list that is gathered while reading, so that one run names every mistake.
 * Reasons never hold a value that may be secret.
 */
import { type ErrorCode, OpenClawError } from '../core/errors.ts';
import type { Origin } from './origin.ts';
import { formatPath, type Path } from './path.ts';

export interface Problem {
  readonly origin: Origin;
  /** The setting at fault; empty for a mistake in the writing itself. */
  readonly path: Path;
  /** Follows "file:line:column: ", without a full stop. */
  readonly reason: string;
  readonly suggestion?: string;
  /** A row of the catalogue that says it better. @default 'config_invalid' */
  readonly code?: ErrorCode;
  /** For the places in that row. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

const fallbackSuggestion = 'docs/config.md and `openclaw config schema` say what is accepted.';

/** One error that carries all problems: the first is thrown, the rest are its `others`. */
export function toConfigError(problems: readonly Problem[]): OpenClawError {
  const [first, ...rest] = problems.toSorted(byPlace);
  if (!first) throw new RangeError('There is no problem to report');
  return describeProblem(
    first,
    rest.map((problem) => describeProblem(problem)),
  );
}

function describeProblem(problem: Problem, others: readonly OpenClawError[] = []): OpenClawError {
  const { origin, path, reason, suggestion = fallbackSuggestion, code = 'config_invalid', cause } = problem;
  const place = origin.file === undefined ? {} : { file: origin.file, line: origin.line ?? 1, column: origin.column ?? 1 };
  const setting = path.length === 0 ? {} : { setting: formatPath(path) };
  return new OpenClawError(code, {
    details: { where: origin.where, reason, suggestion, ...place, ...setting, ...problem.details },
    others,
    cause,
  });
}

/** Mistakes of one file in the order of its lines; the others keep their order, after them. */
function byPlace(a: Problem, b: Problem): number {
  if (a.origin.file === undefined || b.origin.file === undefined)
    return Number(a.origin.file === undefined) - Number(b.origin.file === undefined);
  if (a.origin.file !== b.origin.file) return 0;
  return (a.origin.line ?? 0) - (b.origin.line ?? 0) || (a.origin.column ?? 0) - (b.origin.column ?? 0);
}
