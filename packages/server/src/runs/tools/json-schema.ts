/**
 * Checks a value against the part of JSON Schema that describes arguments of tools, and says what is wrong in words for a model.
 *
 * Schemas come from MCP servers, which are other people's programs: nothing is compiled, a reference goes nowhere but into the same schema, and the
 * work is bounded. Keywords that it does not know are left to the tool. `pattern` and `format` are among them on purpose: a regular
 * expression of somebody else, run over text of a model, can hold the gateway up for hours.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export interface SchemaBounds {
  /** Schemas looked at for one value, alternatives and references included. @default 20000 */
  readonly workLimit?: number;
  /** Mistakes that are told; after them the search ends. @default 8 */
  readonly mistakeLimit?: number;
}

export const schemaBoundsDefaults = { workLimit: 20_000, mistakeLimit: 8 } as const;

interface Walk {
  readonly root: JsonObject;
  readonly mistakeLimit: number;
  work: number;
  depth: number;
}

/** Deeper than any arguments are: what goes on from here is a reference that leads to itself. */
const depthLimit = 200;

interface Place {
  /** `$.edits[0].oldText` without the `$.`; empty for the whole. */
  readonly path: string;
  readonly mistakes: string[];
}

/** @returns mistakes in words, each with its path; none: it fits */
export function mistakesOf(value: JsonValue, schema: JsonObject, bounds: SchemaBounds = {}): readonly string[] {
  const { workLimit, mistakeLimit } = { ...schemaBoundsDefaults, ...bounds };
  const mistakes: string[] = [];
  const walk: Walk = { root: schema, mistakeLimit, work: workLimit, depth: 0 };
  check(walk, { value, schema }, { path: '', mistakes });
  if (walk.work <= 0 && mistakes.length === 0) return ['the arguments cannot be checked: they and their schema are too intricate'];
  return mistakes.slice(0, mistakeLimit);
}

interface Pair {
  readonly value: JsonValue;
  readonly schema: JsonValue | undefined;
}

function check(walk: Walk, pair: Pair, place: Place): void {
  walk.work -= 1;
  if (walk.depth > depthLimit) walk.work = 0;
  if (walk.work <= 0 || place.mistakes.length >= walk.mistakeLimit) return;
  walk.depth += 1;
  checkAll(walk, pair, place);
  walk.depth -= 1;
}

function checkAll(walk: Walk, { value, schema }: Pair, place: Place): void {
  if (schema === false) tell(place, 'is not allowed');
  if (!isJsonObject(schema)) return;
  const reference = own(schema, '$ref');
  if (typeof reference === 'string') check(walk, { value, schema: resolve(walk.root, reference) }, place);
  if (!checkType(value, schema, place)) return;
  checkChoice(value, schema, place);
  checkCombinations(walk, { value, schema }, place);
  if (typeof value === 'string') checkText(value, schema, place);
  else if (typeof value === 'number') checkNumber(value, schema, place);
  else if (Array.isArray(value)) checkArray(walk, { value, schema }, place);
  else if (isJsonObject(value)) checkObject(walk, { value, schema }, place);
}

/** @returns whether it is worth looking further */
function checkType(value: JsonValue, schema: JsonObject, place: Place): boolean {
  const wanted = own(schema, 'type');
  const types = Array.isArray(wanted) ? wanted : wanted === undefined ? [] : [wanted];
  if (types.length === 0 || types.some((type) => isOfType(value, type))) return true;
  tell(place, `must be ${types.map((type) => withArticle(String(type))).join(' or ')}, not ${typeName(value)}`);
  return false;
}

function isOfType(value: JsonValue, type: JsonValue): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      // A type that does not exist: the tool will say what it thinks of it.
      return true;
  }
}

function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return withArticle(typeof value);
}

function withArticle(type: string): string {
  if (type === 'null') return 'null';
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function checkChoice(value: JsonValue, schema: JsonObject, place: Place): void {
  const choices = own(schema, 'enum');
  if (Array.isArray(choices) && !choices.some((choice) => isEqual(choice, value))) {
    tell(place, `must be one of ${quote(choices.slice(0, 20), 400)}`);
  }
  const constant = own(schema, 'const');
  if (constant !== undefined && !isEqual(constant, value)) tell(place, `must be ${quote([constant], 200)}`);
}

function quote(values: readonly JsonValue[], limit: number): string {
  const text = values.map((value) => JSON.stringify(value)).join(', ');
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

function checkCombinations(walk: Walk, { value, schema }: { value: JsonValue; schema: JsonObject }, place: Place): void {
  for (const each of list(schema, 'allOf')) check(walk, { value, schema: each }, place);
  const matching = (name: string): readonly string[][] =>
    list(schema, name).map((each) => {
      const mistakes: string[] = [];
      check(walk, { value, schema: each }, { path: place.path, mistakes });
      return mistakes;
    });
  const any = matching('anyOf');
  if (any.length > 0 && any.every((mistakes) => mistakes.length > 0)) tellAlternatives(place, any);
  const one = matching('oneOf');
  const fitting = one.filter((mistakes) => mistakes.length === 0).length;
  if (one.length > 0 && fitting === 0) tellAlternatives(place, one);
  if (fitting > 1) tell(place, `must fit exactly one of the ${one.length} alternatives, and fits ${fitting}`);
  const not = own(schema, 'not');
  if (not === undefined) return;
  const mistakes: string[] = [];
  check(walk, { value, schema: not }, { path: place.path, mistakes });
  if (mistakes.length === 0) tell(place, 'is of a form that is not allowed');
}

/** What is wrong with each alternative, in one sentence. */
function tellAlternatives(place: Place, alternatives: readonly (readonly string[])[]): void {
  const reasons = [...new Set(alternatives.map((mistakes) => mistakes[0] ?? ''))].slice(0, 4);
  place.mistakes.push(reasons.length === 1 ? (reasons[0] ?? '') : `${name(place.path)} fits no alternative: ${reasons.join('; or ')}`);
}

function checkText(value: string, schema: JsonObject, place: Place): void {
  const shortest = number(schema, 'minLength');
  const longest = number(schema, 'maxLength');
  if (shortest === undefined && longest === undefined) return;
  // The standard counts code points, so that a surrogate pair is one.
  const length = value.length - (value.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
  if (shortest !== undefined && length < shortest) tell(place, `must have at least ${shortest} characters`);
  if (longest !== undefined && length > longest) tell(place, `must have at most ${longest} characters, and has ${length}`);
}

function checkNumber(value: number, schema: JsonObject, place: Place): void {
  const least = number(schema, 'minimum');
  const most = number(schema, 'maximum');
  const above = number(schema, 'exclusiveMinimum');
  const below = number(schema, 'exclusiveMaximum');
  const step = number(schema, 'multipleOf');
  if (least !== undefined && value < least) tell(place, `must be at least ${least}`);
  if (most !== undefined && value > most) tell(place, `must be at most ${most}`);
  if (above !== undefined && value <= above) tell(place, `must be more than ${above}`);
  if (below !== undefined && value >= below) tell(place, `must be less than ${below}`);
  if (step !== undefined && step > 0 && !Number.isInteger(value / step)) tell(place, `must be a multiple of ${step}`);
}

function checkArray(walk: Walk, { value, schema }: { value: JsonValue[]; schema: JsonObject }, place: Place): void {
  const fewest = number(schema, 'minItems');
  const most = number(schema, 'maxItems');
  if (fewest !== undefined && value.length < fewest) tell(place, `must have at least ${fewest} items`);
  if (most !== undefined && value.length > most) tell(place, `must have at most ${most} items`);
  // `prefixItems`, and its older spelling: an array as `items`, with `additionalItems` for the rest.
  const items = own(schema, 'items');
  const first = Array.isArray(items) ? items : list(schema, 'prefixItems');
  const rest = Array.isArray(items) ? own(schema, 'additionalItems') : items;
  for (const [index, item] of value.entries()) {
    if (walk.work <= 0 || place.mistakes.length >= walk.mistakeLimit) return;
    check(walk, { value: item, schema: index < first.length ? first[index] : rest }, { ...place, path: `${place.path}[${index}]` });
  }
  if (own(schema, 'uniqueItems') === true && hasTwins(walk, value)) tell(place, 'must not have the same item twice');
}

function hasTwins(walk: Walk, items: readonly JsonValue[]): boolean {
  walk.work -= items.length;
  const seen = new Set(items.map((item) => canonical(item)));
  return seen.size < items.length;
}

function checkObject(walk: Walk, { value, schema }: { value: JsonObject; schema: JsonObject }, place: Place): void {
  const properties = object(schema, 'properties');
  for (const required of list(schema, 'required')) {
    if (typeof required === 'string' && !Object.hasOwn(value, required)) tell(within(place, required), 'is required');
  }
  const names = Object.keys(value);
  const fewest = number(schema, 'minProperties');
  const most = number(schema, 'maxProperties');
  if (fewest !== undefined && names.length < fewest) tell(place, `must have at least ${fewest} fields`);
  if (most !== undefined && names.length > most) tell(place, `must have at most ${most} fields`);
  // Which further names are allowed may be said by regular expressions, which are not run: then the tool decides.
  const hasPatterns = own(schema, 'patternProperties') !== undefined;
  const others = hasPatterns ? undefined : own(schema, 'additionalProperties');
  for (const field of names) {
    if (walk.work <= 0 || place.mistakes.length >= walk.mistakeLimit) return;
    const item = value[field] ?? null;
    const isKnown = Object.hasOwn(properties, field);
    if (!isKnown && others === false) {
      const known = Object.keys(properties).slice(0, 20).join(', ');
      tell(within(place, field), known === '' ? 'is not known: there are no arguments' : `is not known; known are ${known}`);
    } else {
      check(walk, { value: item, schema: isKnown ? properties[field] : others }, within(place, field));
    }
  }
}

/** A pointer into the same schema: `#`, `#/$defs/edit`. Anything else is not looked for. */
function resolve(root: JsonObject, reference: string): JsonValue | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let found: JsonValue | undefined = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decodePart(part);
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) ? own(found, key) : undefined;
  }
  return found;
}

function decodePart(part: string): string {
  const text = part.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function within(place: Place, field: string): Place {
  const plain = /^[\p{L}_$][\p{L}\p{N}_$-]{0,60}$/u.test(field);
  const step = plain ? (place.path === '' ? field : `.${field}`) : `[${quote([field], 60)}]`;
  return { ...place, path: `${place.path}${step}` };
}

function tell(place: Place, what: string): void {
  place.mistakes.push(`${name(place.path)} ${what}`);
}

function name(path: string): string {
  return path === '' ? 'the value' : `\`${path}\``;
}

function own(schema: JsonObject, keyword: string): JsonValue | undefined {
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}

function list(schema: JsonObject, keyword: string): readonly JsonValue[] {
  const value = own(schema, keyword);
  return Array.isArray(value) ? value : [];
}

function object(schema: JsonObject, keyword: string): JsonObject {
  const value = own(schema, keyword);
  return isJsonObject(value) ? value : {};
}

function number(schema: JsonObject, keyword: string): number | undefined {
  const value = own(schema, keyword);
  return typeof value === 'number' ? value : undefined;
}

function isEqual(one: JsonValue, other: JsonValue): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  return canonical(one) === canonical(other);
}

/** The same text for equal values, whatever the order of their fields. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonical(value[field] ?? null)}`).join(',')}}`;
}
