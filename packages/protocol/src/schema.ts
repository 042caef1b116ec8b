/**
 * JSON Schema (2020-12) as plain data, with the type of what comes out of it. A dozen builders are all that OpenClaw needs,
 * and they cost nothing to load.
 *
 * `Infer` is the resolved type: defaults are filled in, `20s` is a number, a reference to a secret is its text.
 * It does not validate and does not fill anything in: see the server's `config/`.
 */
import { secretReference } from './secret-references.ts';
import { type Unit, unitPatterns } from './units.ts';

/** The keywords in use. Those with `x-` are notes that validators ignore. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly propertyNames?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  /** Marks a secret: it is never shown unless asked for. */
  readonly writeOnly?: true;
  /** The unit of a number that may also be written for people. */
  readonly 'x-unit'?: Unit;
  /** Names that a later release brings: of keys, of words of an enumeration, or of keys of an object in place of a text. */
  readonly 'x-later'?: readonly string[];
  /** What a text that must match `pattern` is called in messages. */
  readonly 'x-expects'?: string;
  /** The property that a value stands for where it is written in place of the whole object. */
  readonly 'x-shorthand'?: string;
}

/** Whether a field is there once defaults are filled in. */
type Presence = 'always' | 'maybe';

declare const inferred: unique symbol;

/** A JSON Schema that knows the type of its resolved value. */
export interface Schema<T, P extends Presence = Presence> extends JsonSchema {
  readonly [inferred]?: { readonly value: T; readonly presence: P };
}

/** The type of a value once it is resolved: defaults present, everything readonly. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

interface Described<T> {
  readonly description: string;
  readonly default?: T;
}
interface TextOptions extends Described<string> {
  readonly minLength?: number;
  readonly pattern?: string;
  /** What the pattern stands for, in words that follow "must be". */
  readonly expects?: string;
  /** Keys of an object that a later release accepts in place of the text. */
  readonly later?: readonly string[];
}
interface NumberOptions extends Described<number> {
  readonly minimum?: number;
  readonly maximum?: number;
}
interface ChoiceOptions<V extends string> extends Described<V> {
  readonly later?: readonly string[];
}
interface ContainerOptions {
  readonly description: string;
  /** Stays absent when it is not given. Otherwise it is there, with the defaults of what it holds. */
  readonly optional?: true;
}
interface ObjectOptions<K extends string> extends ContainerOptions {
  readonly required?: readonly K[];
  readonly later?: readonly string[];
  /** The property that a plain value may be written for, in place of the object. It is resolved to the object all the same. */
  readonly shorthand?: K;
}
interface ArrayOptions extends ContainerOptions {
  /** A list that may not be empty has no default. */
  readonly minItems?: number;
  /** @default an empty list; only texts and numbers here, which need no filling in */
  readonly default?: readonly (string | number)[];
}
interface RecordOptions extends ContainerOptions {
  /** Pattern of the keys, and what it stands for in words that follow "must be". */
  readonly names: { readonly pattern: string; readonly expects: string };
}

type ScalarPresence<O> = O extends { readonly default: unknown } ? 'always' : 'maybe';
type ContainerPresence<O> = O extends { readonly optional: true } | { readonly minItems: number } ? 'maybe' : 'always';

type Properties = Readonly<Record<string, Schema<unknown>>>;
type AlwaysKeys<P extends Properties, R> = {
  [K in keyof P]: K extends R ? K : P[K] extends Schema<unknown, 'always'> ? K : never;
}[keyof P];
type ObjectOf<P extends Properties, R> = Flat<
  { readonly [K in AlwaysKeys<P, R>]: Infer<P[K]> } & { readonly [K in Exclude<keyof P, AlwaysKeys<P, R>>]?: Infer<P[K]> }
>;
type Flat<T> = { [K in keyof T]: T[K] };

function string<const O extends TextOptions>(options: O): Schema<string, ScalarPresence<O>> {
  const { expects, later, ...keywords }: TextOptions = options;
  return {
    type: 'string',
    ...keywords,
    ...(expects === undefined ? {} : { 'x-expects': expects }),
    ...(later ? { 'x-later': later } : {}),
  };
}

/** A text that nobody may see: written in place, or as a reference to where it lies. */
function secret<const O extends Omit<TextOptions, 'default' | 'later'>>(options: O): Schema<string, 'maybe'> {
  const { description, expects, ...keywords }: Omit<TextOptions, 'default' | 'later'> = options;
  return {
    description,
    anyOf: [{ type: 'string', minLength: 1, ...keywords }, secretReference],
    writeOnly: true,
    ...(expects === undefined ? {} : { 'x-expects': expects }),
  };
}

function integer<const O extends NumberOptions>(options: O): Schema<number, ScalarPresence<O>> {
  return { type: 'integer', ...options };
}

function number<const O extends NumberOptions>(options: O): Schema<number, ScalarPresence<O>> {
  return { type: 'number', ...options };
}

function boolean<const O extends Described<boolean>>(options: O): Schema<boolean, ScalarPresence<O>> {
  return { type: 'boolean', ...options };
}

/** One of some words. `later` names words that a later release accepts. */
function choice<const V extends string, const O extends ChoiceOptions<V>>(values: readonly V[], options: O): Schema<V, ScalarPresence<O>> {
  const { later, ...keywords }: ChoiceOptions<V> = options;
  return { type: 'string', enum: values, ...keywords, ...(later ? { 'x-later': later } : {}) };
}

/** A size: a number of bytes, or a text such as `32MiB`. */
function bytes<const O extends NumberOptions>(options: O): Schema<number, ScalarPresence<O>> {
  return withUnit('bytes', options);
}

/** A time: a number of milliseconds, or a text such as `20s`. */
function durationMs<const O extends NumberOptions>(options: O): Schema<number, ScalarPresence<O>> {
  return withUnit('ms', options);
}

function array<S extends Schema<unknown>, const O extends ArrayOptions>(
  items: S,
  options: O,
): Schema<readonly Infer<S>[], ContainerPresence<O>> {
  const { optional, ...keywords }: ArrayOptions = options;
  return { type: 'array', items, ...(optional || keywords.minItems !== undefined ? {} : { default: [] }), ...keywords };
}

/** Any number of entries of one shape under names that the operator chooses. */
function record<S extends Schema<unknown>, const O extends RecordOptions>(
  values: S,
  options: O,
): Schema<Readonly<Record<string, Infer<S>>>, ContainerPresence<O>> {
  const { optional, names, description }: RecordOptions = options;
  const propertyNames = { pattern: names.pattern, 'x-expects': names.expects };
  return { type: 'object', description, propertyNames, additionalProperties: values, ...(optional ? {} : { default: {} }) };
}

/** Known names only. A field without a default may be absent unless `required` lists it. */
function object<const P extends Properties, const R extends keyof P & string = never, const O extends ObjectOptions<R> = ObjectOptions<R>>(
  properties: P,
  options: O & ObjectOptions<R>,
): Schema<ObjectOf<P, R>, ContainerPresence<O>> {
  const { optional, required, later, shorthand, description }: ObjectOptions<R> = options;
  return {
    type: 'object',
    description,
    properties,
    ...(required ? { required } : {}),
    additionalProperties: false,
    ...(optional ? {} : { default: {} }),
    ...(later ? { 'x-later': later } : {}),
    ...(shorthand === undefined ? {} : { 'x-shorthand': shorthand }),
  };
}

/** The builders, under one name. */
export const schema = { object, record, array, string, secret, integer, number, boolean, choice, bytes, durationMs } as const;

function withUnit<O extends NumberOptions>(unit: Unit, options: O): Schema<number, ScalarPresence<O>> {
  const { description, default: preset, ...limits }: NumberOptions = options;
  return {
    description,
    anyOf: [
      { type: 'integer', minimum: 0, ...limits },
      { type: 'string', pattern: unitPatterns[unit] },
    ],
    ...(preset === undefined ? {} : { default: preset }),
    'x-unit': unit,
  };
}
