/** What is wrong with an object: where, of which kind, and in words that Kubernetes' clients print as they are. */
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';

export type MistakeReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTypeInvalid'
  | 'FieldValueUnknown';

export interface Mistake {
  /** `spec.containers[0].resources.limits.memory` */
  readonly path: string;
  readonly reason: MistakeReason;
  /** Follows the path: `Invalid value: "12Mx": must be …`. */
  readonly message: string;
}

export const mistake = {
  required: (path: string, why = ''): Mistake => ({
    ...{ path, reason: 'FieldValueRequired' },
    message: why === '' ? 'Required value' : `Required value: ${why}`,
  }),
  /** @param expects follows "must be" */
  invalid: (path: string, value: unknown, expects: string): Mistake => ({
    ...{ path, reason: 'FieldValueInvalid' },
    message: `Invalid value: ${show(value)}: must be ${expects}`,
  }),
  /** @param why a sentence of its own */
  contradiction: (path: string, value: unknown, why: string): Mistake => ({
    ...{ path, reason: 'FieldValueInvalid' },
    message: `Invalid value: ${show(value)}: ${why}`,
  }),
  unsupported: (path: string, value: unknown, known: readonly string[]): Mistake => ({
    ...{ path, reason: 'FieldValueNotSupported' },
    message: `Unsupported value: ${show(value)}: supported values: ${known.map(show).join(', ')}${suggest(String(value), known)}`,
  }),
  duplicate: (path: string, value: unknown): Mistake => ({
    ...{ path, reason: 'FieldValueDuplicate' },
    message: `Duplicate value: ${show(value)}`,
  }),
  forbidden: (path: string, why: string): Mistake => ({ path, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` }),
  type: (path: string, value: unknown, expects: string): Mistake => ({
    ...{ path, reason: 'FieldValueTypeInvalid' },
    message: `Invalid value: ${show(value)}: must be ${expects}`,
  }),
  unknown: (path: string, name: string, known: readonly string[]): Mistake => ({
    ...{ path, reason: 'FieldValueUnknown' },
    message: `unknown field ${show(path)}${suggest(name, known)}`,
  }),
} as const;

/** @throws OpenClawError `workload_invalid` with all of them, where there are any */
export function refuseMistakes(kind: string, name: string, mistakes: readonly Mistake[]): void {
  const errors = mistakes.map(
    ({ path, reason, message }) =>
      new OpenClawError('workload_invalid', {
        details: { kind, name, reason: `${path}: ${message}`, cause: reason, says: message },
        param: path,
      }),
  );
  const [first, ...others] = errors;
  if (!first) return;
  throw new OpenClawError('workload_invalid', {
    details: first.details,
    ...(first.param === undefined ? {} : { param: first.param }),
    others,
  });
}

function suggest(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? '' : `; did you mean ${show(near)}?`;
}

/** In one line, and short: it is quoted. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
