/**
 * JSONPath templates as kubectl takes them: `{.spec.containers[0].image}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`,
 * `{.status.conditions[?(@.type=="Ready")].status}`. Parsed once, then printed of any number of objects.
 *
 * What kubectl also takes and nobody was seen to use is left out and refused: functions, regular expressions, arithmetic.
 */
import { readPath, readTemplate, type Comparison, type Selector, type TemplatePart } from './jsonpath-parser.ts';

export interface JsonPathTemplate {
  print(value: unknown): string;
}

/** @throws OpenClawError `usage_error` that says where it cannot be read */
export function parseJsonPath(template: string): JsonPathTemplate {
  const parts = readTemplate(template);
  return { print: (value) => printParts(parts, { root: value, current: value }) };
}

/** One path, without braces or with them; its values. @throws OpenClawError `usage_error` */
export function parseSinglePath(text: string): (value: unknown) => readonly unknown[] {
  const inner = /^\{(.*)\}$/s.exec(text)?.[1] ?? text;
  const path = readPath(/^[.[$@]/.test(inner) ? inner : `.${inner}`);
  return (value) => select(path, { root: value, current: value });
}

interface Scope {
  readonly root: unknown;
  readonly current: unknown;
}

function printParts(parts: readonly TemplatePart[], scope: Scope): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      if (part.kind === 'path') return select(part.path, scope).map(printValue).join(' ');
      return select(part.path, scope)
        .map((current) => printParts(part.parts, { ...scope, current }))
        .join('');
    })
    .join('');
}

/** Text as it is, all else as JSON, as kubectl does. */
export function printValue(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

function select(path: readonly Selector[], { root, current }: Scope): readonly unknown[] {
  let found: readonly unknown[] = [current];
  for (const selector of path) found = selector.kind === 'root' ? [root] : found.flatMap((value) => step(selector, value, root));
  return found;
}

function step(selector: Exclude<Selector, { kind: 'root' }>, value: unknown, root: unknown): readonly unknown[] {
  switch (selector.kind) {
    case 'fields':
      return selector.names.flatMap((name) => (isRecord(value) && Object.hasOwn(value, name) ? [value[name]] : []));
    case 'all':
      return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
    case 'indices':
      return Array.isArray(value)
        ? selector.indices.flatMap((index) => (Math.abs(index) <= value.length && value.at(index) !== undefined ? [value.at(index)] : []))
        : [];
    case 'slice':
      return Array.isArray(value) ? sliced(value, selector) : [];
    case 'descend':
      return descendants(value);
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((current) =>
        selector.any.some((all) => all.every((one) => holds(one, { root, current }))),
      );
  }
}

function sliced(
  value: readonly unknown[],
  { from, to, by }: { from: number | undefined; to: number | undefined; by: number },
): readonly unknown[] {
  return value.slice(from, to).filter((_, index) => index % by === 0);
}

/** Depth first, the value itself among them. */
function descendants(value: unknown): readonly unknown[] {
  const children = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return [value, ...children.flatMap(descendants)];
}

function holds({ left, operator, right, negated }: Comparison, scope: Scope): boolean {
  return negated !== compare(valueOf(left, scope), operator, right === undefined ? undefined : valueOf(right, scope));
}

function valueOf(side: Comparison['left'], scope: Scope): unknown {
  return 'path' in side ? select(side.path, scope)[0] : side.literal;
}

function compare(left: unknown, operator: Comparison['operator'], right: unknown): boolean {
  if (operator === 'exists') return left !== undefined;
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false;
  const [one, other] = [left, right as typeof left];
  return { '<': one < other, '<=': one <= other, '>': one > other, '>=': one >= other }[operator];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
