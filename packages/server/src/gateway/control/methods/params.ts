/**
 * Reads the parameters of a method by type, and refuses what is wrong with them, or not known to the method, by its path. `null` counts as
 * absent, as it does for the clients, but where a method says what it means.
 *
 * It does not know any parameter by name.
 */
import { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';

export interface TextRule {
  /** @default 4096 characters */
  readonly limit?: number;
  readonly mayBeEmpty?: true;
}

export interface NumberRule {
  /** @default 0 */
  readonly minimum?: number;
  /** @default what a number can hold */
  readonly maximum?: number;
}

const textLimit = 4096;

export class Params {
  readonly #params: JsonObject;
  readonly #known = new Set<string>();

  constructor(params: JsonObject) {
    this.#params = params;
  }

  text(name: string, rule: TextRule = {}): string {
    return this.#present(this.optionalText(name, rule), name);
  }

  optionalText(name: string, { limit = textLimit, mayBeEmpty }: TextRule = {}): string | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw wrongType(name, 'a text', value);
    if (value === '' && !mayBeEmpty) throw invalid(name, 'must not be empty');
    if (value.length > limit) throw invalid(name, `must have at most ${limit} characters`);
    return value;
  }

  /** Null where the text is to be taken away, undefined where it is to stay. */
  changedText(name: string, rule: TextRule = {}): string | null | undefined {
    this.#known.add(name);
    return Object.hasOwn(this.#params, name) && this.#params[name] === null ? null : this.optionalText(name, rule);
  }

  number(name: string, rule: NumberRule = {}): number {
    return this.#present(this.optionalNumber(name, rule), name);
  }

  /** A whole number. */
  optionalNumber(name: string, { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: NumberRule = {}): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw wrongType(name, 'a number', value);
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw invalid(name, `must be a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw wrongType(name, 'true or false', value);
  }

  texts(name: string, { limit, each = textLimit }: { readonly limit: number; readonly each?: number }): readonly string[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw wrongType(name, 'a list', value);
    if (value.length > limit) throw invalid(name, `must have at most ${limit} entries`);
    return value.map((item, index) => {
      const path = `${name}[${index}]`;
      if (typeof item !== 'string') throw wrongType(path, 'a text', item);
      if (item === '' || item.length > each) throw invalid(path, `must have 1 to ${each} characters`);
      return item;
    });
  }

  /** What clients send that changes nothing here: hints for what OpenClaw has not, or has no choice about. */
  passOver(...names: readonly string[]): void {
    for (const name of names) this.#known.add(name);
  }

  /** What would change the answer, and is not in this release: absent, empty or false is all that is taken. */
  refuse(name: string, reason: string): void {
    const value = this.#take(name);
    const isNothing = value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0);
    if (!isNothing) throw invalid(name, reason);
  }

  /** Called last: every other name is a mistake. @throws OpenClawError `invalid_request` */
  end(): void {
    const unknown = Object.keys(this.#params).find((name) => !this.#known.has(name));
    if (unknown !== undefined) throw invalid(unknown.slice(0, 128), 'is not a parameter of this method');
  }

  #take(name: string): JsonValue | undefined {
    this.#known.add(name);
    return Object.hasOwn(this.#params, name) ? (this.#params[name] ?? undefined) : undefined;
  }

  #present<T>(value: T | undefined, name: string): T {
    if (value === undefined) throw invalid(name, 'is required');
    return value;
  }
}

/** For methods that take none. */
export function noParams(params: JsonObject): void {
  new Params(params).end();
}

export function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}

function wrongType(path: string, wanted: string, value: JsonValue): OpenClawError {
  return invalid(path, `must be ${wanted}, not ${kindOf(value)}`);
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return isJsonObject(value) ? 'an object' : `a ${typeof value}`;
}
