/** Holds a value against the fields of a kind: defaults filled in, what is unknown left out, and every mistake named with its path. */
import { explainQuantity, parseBytes, parseMilli, parseQuantity } from '@openclaw/protocol';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Field, ListField, NumberField, ObjectField, QuantityField, TextField } from './field.ts';
import { mistake, type Mistake } from './mistakes.ts';

export interface Checked {
  /** With defaults, and without what is unknown. Only to be used where there are no mistakes. */
  readonly value: JsonValue;
  readonly mistakes: readonly Mistake[];
  /** Apart, for who writes says how much they matter. */
  readonly unknown: readonly Mistake[];
}

export function check(field: Field, value: JsonValue, path: string): Checked {
  const walk = new Walk();
  return { value: walk.read(field, value, path), mistakes: walk.mistakes, unknown: walk.unknown };
}

class Walk {
  readonly mistakes: Mistake[] = [];
  readonly unknown: Mistake[] = [];

  read(field: Field, value: JsonValue, path: string): JsonValue {
    switch (field.type) {
      case 'text':
        this.#note(checkText(field, value, path));
        return value;
      case 'integer':
        this.#note(checkInteger(field, value, path));
        return value;
      case 'flag':
        if (typeof value !== 'boolean') this.#note(mistake.type(path, value, 'true or false'));
        return value;
      case 'quantity':
        this.#note(checkQuantity(field, value, path));
        return typeof value === 'number' ? String(value) : value;
      case 'port':
        this.#note(checkPort(value, path));
        return value;
      case 'map':
        return this.#readMap(value, path);
      case 'list':
        return this.#readList(field, value, path);
      case 'object':
        return this.#readObject(field, value, path);
    }
  }

  #readMap(value: JsonValue, path: string): JsonValue {
    if (!isJsonObject(value)) this.#note(mistake.type(path, value, 'an object of texts'));
    else
      for (const [key, item] of Object.entries(value))
        if (typeof item !== 'string') this.#note(mistake.type(`${path}[${key}]`, item, 'a text'));
    return value;
  }

  #readList(field: ListField, value: JsonValue, path: string): JsonValue {
    if (!Array.isArray(value)) {
      this.#note(mistake.type(path, value, 'a list'));
      return value;
    }
    const { minItems = 0, maxItems, key } = field;
    if (value.length < minItems) this.#note(mistake.required(path, `at least ${minItems === 1 ? 'one is' : `${minItems} are`} needed`));
    if (value.length > maxItems) {
      this.#note(mistake.contradiction(path, value.length, `there may be at most ${maxItems}`));
      return value;
    }
    const seen = new Set<JsonValue>();
    return value.map((item, index) => {
      const identity = key !== undefined && isJsonObject(item) ? item[key] : undefined;
      if (identity !== undefined && seen.has(identity)) this.#note(mistake.duplicate(`${path}[${index}].${key}`, identity));
      if (identity !== undefined) seen.add(identity);
      return this.read(field.items, item, `${path}[${index}]`);
    });
  }

  #readObject({ fields, required = [] }: ObjectField, value: JsonValue, path: string): JsonValue {
    if (!isJsonObject(value)) {
      this.#note(mistake.type(path, value, 'an object'));
      return value;
    }
    const read: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
      // As Kubernetes has it: null is what is not there.
      if (known && item !== null) read[name] = this.read(known, item, join(path, name));
      if (!known) this.unknown.push(mistake.unknown(join(path, name), name, Object.keys(fields)));
    }
    for (const name of required) if (!Object.hasOwn(read, name)) this.#note(mistake.required(join(path, name)));
    for (const [name, known] of Object.entries(fields)) {
      if (Object.hasOwn(read, name) || !('default' in known) || known.default === undefined) continue;
      read[name] = typeof known.default === 'object' ? [...known.default] : known.default;
    }
    return read;
  }

  #note(found: Mistake | undefined): void {
    if (found) this.mistakes.push(found);
  }
}

function checkText({ choices, form }: TextField, value: JsonValue, path: string): Mistake | undefined {
  if (typeof value !== 'string') return mistake.type(path, value, 'a text');
  if (choices) {
    return choices.includes(value) ? undefined : mistake.unsupported(path, value, choices);
  }
  if (value.includes('\0')) return mistake.invalid(path, value, 'a text without NUL');
  return form && (value.length > form.maxLength || !form.pattern.test(value)) ? mistake.invalid(path, value, form.expects) : undefined;
}

function checkInteger({ minimum, maximum }: NumberField, value: JsonValue, path: string): Mistake | undefined {
  const expects = `a whole number from ${minimum} to ${maximum}`;
  if (typeof value !== 'number' || !Number.isInteger(value)) return mistake.type(path, value, expects);
  return value < minimum || value > maximum ? mistake.invalid(path, value, expects) : undefined;
}

function checkQuantity({ of }: QuantityField, value: JsonValue, path: string): Mistake | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return mistake.type(path, value, 'a quantity such as 256Mi or 0.5');
  if (parseQuantity(value) === undefined) return mistake.invalid(path, value, explainQuantity(String(value)));
  const amount = of === 'bytes' ? parseBytes(value) : parseMilli(value);
  return amount === undefined || amount === 0 ? mistake.invalid(path, value, 'more than nothing') : undefined;
}

function checkPort(value: JsonValue, path: string): Mistake | undefined {
  if (typeof value === 'string' && value.length > 0) return undefined;
  const isNumber = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
  return isNumber ? undefined : mistake.invalid(path, value, 'a number from 1 to 65535, or the name of a port');
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
