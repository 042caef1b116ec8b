/**
 * What a client sent, as JSON. A large body is not kept so beside its bytes while its answer is awaited, but read again where it is
 * needed: as text it may take twice its size, and a thousand long prompts under way must not.
 */
import type { JsonObject } from '../core/json.ts';
import { parseJsonBody } from '../core/parse-json.ts';

const keptBytes = 64 * 1024;

export class ParsedBody {
  readonly #bytes: Buffer;
  readonly #kept: JsonObject | undefined;

  constructor(bytes: Buffer, parsed: JsonObject) {
    this.#bytes = bytes;
    this.#kept = bytes.length > keptBytes ? undefined : parsed;
  }

  /** Whether it, and whatever is made of it, may be kept. */
  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  get value(): JsonObject {
    // Its depth was checked when it was read first.
    return this.#kept ?? parseJsonBody(this.#bytes, { depthLimit: Infinity });
  }
}
