/**
 * Turns a tree into settings by walking the schema once: checks every value, fills defaults in, reads `20s` and references
 * to secrets, and remembers where each setting came from.
 *
 * It covers the keywords that `@openclaw/protocol` builds; a test holds it against Ajv, which would add a third to the
 * time to start. What no schema can say is in `cross-checks.ts`.
 */
import { parseUnit, type Infer, type JsonSchema, type Schema } from '@openclaw/protocol';

import type { Environment, Variable } from '../core/env.ts';
import { nearestName } from '../core/nearest-name.ts';
import { defaultOrigin, type Origin } from './origin.ts';
import { formatPath, type Path, type Segment } from './path.ts';
import type { Problem } from './problems.ts';
import type { SecretFile } from './secrets/contract.ts';
import type { Member, ObjectTree, ScalarTree, Tree } from './tree.ts';
import { description, expectation } from './wording.ts';

export interface ResolveContext {
  readonly environment: Environment;
  readonly problems: Problem[];
  /** Every file that is read, or should have been, is added here. */
  readonly files: Set<string>;
  /** What became of a reference to a secret; undefined where it is none. Absent: there are no references. */
  readonly secretOf?: ((tree: ObjectTree) => SecretOutcome | undefined) | undefined;
  /** Where in the settings the tree stands. @default at their beginning */
  readonly at?: Path;
}

/** A secret that was followed to where it lies, or why it cannot be, in words that follow the name of its setting. */
export type SecretOutcome = FoundSecret | { readonly reason: string; readonly suggestion: string; readonly cause?: unknown };

export interface Resolution<T> {
  /** Only to be trusted where `problems` names nothing. */
  readonly value: T;
  /** Where each value came from, by its path; objects and lists too. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Every secret, by its path. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Where those that lie in a file of their own, or in a `.env` file, can be read again, by their path. */
  readonly secretFiles: ReadonlyMap<string, SecretFile>;
}

export function resolveTree<S extends Schema<unknown>>(schema: S, tree: Tree, context: ResolveContext): Resolution<Infer<S>> {
  const walk: Walk = { ...context, origins: new Map(), secrets: new Map(), secretFiles: new Map() };
  // The walk checks each value against the schema that the type is inferred from.
  const value = resolveValue(schema, tree, { path: context.at ?? [], walk }) as Infer<S>;
  return { value, origins: walk.origins, secrets: walk.secrets, secretFiles: walk.secretFiles };
}

interface Walk extends ResolveContext {
  readonly origins: Map<string, Origin>;
  readonly secrets: Map<string, string>;
  readonly secretFiles: Map<string, SecretFile>;
}

/** Where in the settings the walk is. */
interface Place {
  readonly path: Path;
  readonly walk: Walk;
}

function inside({ path, walk }: Place, segment: Segment): Place {
  return { path: [...path, segment], walk };
}

function resolveValue(schema: JsonSchema, tree: Tree | undefined, place: Place): unknown {
  const { origins } = place.walk;
  if (schema.type === 'object') return resolveObject(schema, tree, place);
  if (schema.type === 'array') return resolveArray(schema, tree, place);
  if (!tree) {
    origins.set(formatPath(place.path), defaultOrigin);
    return schema.default;
  }
  if (schema.writeOnly) return resolveSecret(schema, tree, place);
  const value = tree.kind === 'scalar' ? readScalar(schema, tree) : undefined;
  if (value === undefined) return refuse(schema, tree, place);
  origins.set(formatPath(place.path), tree.origin);
  return value;
}

function resolveObject(schema: JsonSchema, tree: Tree | undefined, place: Place): unknown {
  const shorthand = schema['x-shorthand'];
  if (shorthand !== undefined && tree?.kind === 'scalar') return resolveShorthand(schema, tree, place);
  if (tree && tree.kind !== 'object') return refuse(schema, tree, place);
  const { path, walk } = place;
  walk.origins.set(formatPath(path), tree?.origin ?? defaultOrigin);
  if (!schema.properties) return resolveRecord(schema, tree, place);
  const value: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const member = tree?.members.get(name);
    if (member || property.default !== undefined) value[name] = resolveValue(property, member?.tree, inside(place, name));
    else if (tree && schema.required?.includes(name)) {
      const full = [...path, name];
      report({ origin: tree.origin, path: full, reason: `${formatPath(full)} is missing; it must be ${expectation(property)}` }, walk);
    }
  }
  for (const [name, member] of tree?.members ?? []) {
    if (!Object.hasOwn(schema.properties, name)) refuseName(schema, member, inside(place, name));
  }
  return value;
}

/** A plain value in place of an object is one of its properties; messages speak of what was written. */
function resolveShorthand(schema: JsonSchema, tree: ScalarTree, place: Place): unknown {
  const shorthand = schema['x-shorthand'] ?? '';
  const property = schema.properties?.[shorthand] ?? {};
  if (readScalar(property, tree) === undefined) return refuse(property, tree, place);
  const member: Member = { keyOrigin: tree.origin, tree };
  return resolveObject(schema, { kind: 'object', members: new Map([[shorthand, member]]), origin: tree.origin }, place);
}

function resolveRecord(schema: JsonSchema, tree: ObjectTree | undefined, place: Place): unknown {
  const { path, walk } = place;
  // No prototype: clients choose the names that are looked up here, and `constructor` must find nothing.
  const value: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const names = schema.propertyNames;
  for (const [name, member] of tree?.members ?? []) {
    if (names?.pattern !== undefined && !new RegExp(names.pattern, 'u').test(name)) {
      const reason = `${formatPath(path)} has the name ${JSON.stringify(name)}, which must be ${expectation(names)}`;
      report({ origin: member.keyOrigin, path: [...path, name], reason }, walk);
    } else if (schema.additionalProperties) {
      value[name] = resolveValue(schema.additionalProperties, member.tree, inside(place, name));
    }
  }
  return value;
}

function resolveArray(schema: JsonSchema, tree: Tree | undefined, place: Place): unknown {
  if (tree && tree.kind !== 'array') return refuse(schema, tree, place);
  const { path, walk } = place;
  const items = tree?.items ?? [];
  if (tree && items.length < (schema.minItems ?? 0)) refuse(schema, tree, place);
  walk.origins.set(formatPath(path), tree?.origin ?? defaultOrigin);
  if (!tree) return schema.default ?? [];
  return items.map((item, index) => resolveValue(schema.items ?? {}, item, inside(place, index)));
}

function resolveSecret(schema: JsonSchema, tree: Tree, place: Place): unknown {
  const { path, walk } = place;
  const found = tree.kind === 'object' ? readReference(tree, place) : writtenSecret(tree, walk);
  if (!found) return undefined;
  const text = schema.anyOf?.[0] ?? {};
  if (typeof found.value !== 'string' || !fitsText(text, found.value)) return refuse(schema, tree, place);
  const name = formatPath(path);
  walk.origins.set(name, found.where === '' ? tree.origin : { ...tree.origin, where: `${tree.origin.where} (${found.where})` });
  walk.secrets.set(name, found.value);
  if (found.file) walk.secretFiles.set(name, found.file);
  return found.value;
}

interface FoundSecret {
  readonly value: ScalarTree['value'] | undefined;
  /** Where it lies, if not in the configuration itself. */
  readonly where: string;
  readonly file?: SecretFile | undefined;
}

/** A text in the configuration. One that is `${NAME}` and nothing else lies where the variable does. */
function writtenSecret(tree: Tree, { environment }: Walk): FoundSecret {
  if (tree.kind !== 'scalar') return { value: undefined, where: '' };
  const [name, another] = tree.variables ?? [];
  const variable = name === undefined || another !== undefined ? undefined : environment.lookup(name);
  return { value: tree.value, where: '', file: variable?.value === tree.value ? fileOf(variable) : undefined };
}

function fileOf({ file, fileVariable }: Variable): SecretFile | undefined {
  return file === undefined ? undefined : { file, ...(fileVariable === undefined ? {} : { fileVariable }) };
}

/** What the reference leads to; undefined after reporting why it leads nowhere. */
function readReference(tree: ObjectTree, { path, walk }: Place): FoundSecret | undefined {
  const outcome = walk.secretOf?.(tree) ?? { reason: 'must be a text, or { $secret: … }', suggestion: 'docs/secrets.md has examples.' };
  if ('value' in outcome) return outcome;
  const { reason, suggestion, cause } = outcome;
  report({ origin: tree.origin, path, reason: `${formatPath(path)} ${reason}`, suggestion, cause }, walk);
  return undefined;
}

/** The value of a scalar as the schema wants it; undefined when it does not fit. */
function readScalar(schema: JsonSchema, tree: ScalarTree): string | number | boolean | undefined {
  const value = interpret(schema, tree);
  if (schema['x-unit']) {
    const amount = typeof value === 'string' ? parseUnit(value, schema['x-unit']) : value;
    return typeof amount === 'number' && fitsNumber(schema.anyOf?.[0] ?? {}, amount) ? amount : undefined;
  }
  if (typeof value === 'string') return fitsText(schema, value) ? value : undefined;
  if (typeof value === 'number') return fitsNumber(schema, value) ? value : undefined;
  return typeof value === 'boolean' && schema.type === 'boolean' ? value : undefined;
}

/** What comes from a variable or a flag is text; where the schema wants something else, the text is read as that. */
function interpret(schema: JsonSchema, tree: ScalarTree): ScalarTree['value'] {
  const { value, origin, variables } = tree;
  const isPlainText = variables !== undefined || origin.kind === 'environment' || origin.kind === 'flag';
  if (!isPlainText || typeof value !== 'string') return value;
  const isNumeric = schema['x-unit'] !== undefined || schema.type === 'integer' || schema.type === 'number';
  if (isNumeric && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (schema.type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function fitsText(schema: JsonSchema, value: string): boolean {
  if (schema.type !== 'string' || value.length < (schema.minLength ?? 0)) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value);
}

function fitsNumber(schema: JsonSchema, value: number): boolean {
  if (schema.type !== 'integer' && schema.type !== 'number') return false;
  if (!Number.isFinite(value) || (schema.type === 'integer' && !Number.isInteger(value))) return false;
  return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
}

function refuse(schema: JsonSchema, tree: Tree, { path, walk }: Place): undefined {
  const value = tree.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
  const later = schema['x-later']?.find((name) => (tree.kind === 'object' ? tree.members.has(name) : name === value));
  const name = formatPath(path) || 'the configuration';
  const reason =
    later === undefined
      ? `${name} must be ${expectation(schema)}${description(schema, tree)}`
      : `${name}: '${later}' comes with a later release; now it must be ${expectation(schema)}`;
  const near = value === undefined || later !== undefined ? undefined : nearestName(value, schema.enum ?? []);
  report({ origin: tree.origin, path, reason, ...(near === undefined ? {} : { suggestion: `Did you mean '${near}'?` }) }, walk);
}

function refuseName(schema: JsonSchema, { keyOrigin: origin }: Member, { path, walk }: Place): void {
  const [full, name] = [formatPath(path), String(path.at(-1))];
  if (schema['x-later']?.includes(name)) {
    const suggestion = 'Take it out until then: this release has nothing that would heed it.';
    report({ origin, path, reason: `${full} comes with a later release`, suggestion }, walk);
    return;
  }
  const names = Object.keys(schema.properties ?? {}).filter((known) => known !== '$schema');
  const near = nearestName(name, names);
  const suggestion = near === undefined ? `Known here: ${names.join(', ')}.` : `Did you mean ${formatPath([...path.slice(0, -1), near])}?`;
  report({ origin, path, reason: `there is no setting ${full}`, suggestion }, walk);
}

/** One problem for a setting: what follows from the first only hides it. */
function report(problem: Problem, walk: Walk): void {
  const path = formatPath(problem.path);
  if (!walk.problems.some((known) => formatPath(known.path) === path)) walk.problems.push(problem);
}
