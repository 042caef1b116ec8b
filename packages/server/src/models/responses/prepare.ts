/**
 * Makes a Responses request ready for the targets that may answer it. What it refers to (`previous_response_id`, item references,
 * encrypted reasoning) is known to one provider only: either that provider is asked, with the ids that it gave, or what is
 * referred to is written out, so that anybody can be asked.
 *
 * It does not choose among the targets that are left.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Database } from '../../storage/index.ts';
import type { ModelCall } from '../call.ts';
import { invalid, unsupported } from '../dialects/fields.ts';
import { isForeignProof } from '../dialects/openai-responses/reasoning.ts';
import { spokenWith } from '../spoken.ts';
import type { Provider, Target } from '../target.ts';
import { createResponseLookup, type ResponseLookup } from './lookup.ts';
import { proofsIn, type Place } from './stored.ts';

export interface PreparedRequest {
  readonly call: ModelCall;
  readonly body: JsonObject;
  /** Those of the targets that can answer it, at least one. */
  readonly targets: readonly Target[];
}

/** As much as a request may be by itself, where nothing else is set. */
const writtenLimitBytes = 32 * 2 ** 20;
/** As rows, as values, as text and as bytes. */
const heldPerByte = 4;
/** Each is looked up by itself. */
const referenceLimit = 1000;

export interface RequestPreparer {
  /**
   * Nothing is awaited for a request that refers to nothing.
   * @throws OpenClawError `previous_response_not_found`, `invalid_request`, `unsupported_feature`
   */
  prepare(request: PreparedRequest): PreparedRequest | Promise<PreparedRequest>;
}

export interface RequestPreparerOptions {
  readonly database: Database;
  /** Waits until what was kept can be read. */
  readonly settled: () => Promise<void>;
}

export function createRequestPreparer({ database, settled }: RequestPreparerOptions): RequestPreparer {
  const lookup = createResponseLookup(database);
  return {
    prepare(request) {
      const { body } = request;
      if (body['background'] === true) throw unsupported('background', 'an answer in the background', 'any provider of this gateway');
      const previousId = body['previous_response_id'] ?? undefined;
      if (previousId !== undefined && typeof previousId !== 'string') throw invalid('previous_response_id', 'must be a string');
      const referring: Referring = { ...request, previousId, references: referencesIn(body['input']) };
      if (referring.references.length > referenceLimit) throw invalid('input', `must refer to at most ${referenceLimit} items`);
      if (previousId !== undefined || referring.references.length > 0) return settled().then(() => followReferences(referring, lookup));
      return holdsEncryptedReasoning(body['input']) ? settled().then(() => followProofs(request, lookup)) : request;
    },
  };
}

interface Referring extends PreparedRequest {
  readonly previousId: string | undefined;
  /** Ids of items that the input names and does not hold. */
  readonly references: readonly string[];
}

/** To the one provider that has all of it; where it is not to be had there, all of it is written out. */
async function followReferences(referring: Referring, lookup: ResponseLookup): Promise<PreparedRequest> {
  const { previousId, references, ...request } = referring;
  const owner = request.call.caller.id;
  const places: (Place | undefined)[] = [];
  if (previousId !== undefined) places.push(await lookup.placeOfResponse(owner, previousId));
  for (const id of references) places.push(await lookup.placeOfItem(owner, id));
  const [place] = places;
  const isOne = place !== undefined && places.every((other) => other?.provider === place.provider);
  const targets = isOne ? stick(request.targets, place) : [];
  return targets.length > 0 ? { ...request, targets } : writtenOut(referring, lookup);
}

/** To the provider that wrote the encrypted reasoning. Where the route leads elsewhere, the provider there says that it cannot read it. */
async function followProofs(request: PreparedRequest, lookup: ResponseLookup): Promise<PreparedRequest> {
  const place = await lookup.placeOfProofs(proofsIn(request.body['input']));
  const targets = place ? stick(request.targets, place) : [];
  return targets.length > 0 ? { ...request, targets } : request;
}

/** The same request with all that it refers to in it. */
async function writtenOut({ previousId, references, ...request }: Referring, lookup: ResponseLookup): Promise<PreparedRequest> {
  const { previous_response_id: _previous, ...body } = request.body;
  const owner = request.call.caller.id;
  const weigh = createScales(request.call);
  const before = previousId === undefined ? [] : await lookup.conversation(owner, previousId, weigh);
  const texts = new Map<string, string>();
  for (const id of references) {
    const text = texts.get(id) ?? (await lookup.item(owner, id));
    // Each time that it is referred to it is written out anew.
    weigh(text.length);
    texts.set(id, text);
  }
  const items = new Map(Array.from(texts, ([id, text]) => [id, JSON.parse(text) as JsonObject]));
  const own = inputOf(body['input']).map((item) => items.get(referenceOf(item) ?? '') ?? item);
  const written: JsonObject = { ...body, input: [...before, ...own].flatMap(portable) };
  return { ...request, body: written, call: { ...request.call, body: Buffer.from(JSON.stringify(written)) } };
}

/** A few bytes can refer to all that a caller has stored: what is to be written out is weighed before. */
function createScales(call: ModelCall): (bytes: number) => void {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total > writtenLimitBytes) {
      throw invalid('input', `must be at most ${writtenLimitBytes} bytes together with all that the request refers to`);
    }
    call.hold?.(heldPerByte * bytes);
  };
}

/** The very target; where the route has another key or model of the same provider alone, that one. */
function stick(targets: readonly Target[], place: Place): readonly Target[] {
  const there = targets.filter(({ provider }) => provider.id === place.provider && speaksResponses(provider));
  const sameModel = there.filter(({ name }) => name === place.target);
  const exactly = sameModel.filter(({ key }) => key.id === place.keyId);
  if (exactly.length > 0) return exactly;
  return sameModel.length > 0 ? sameModel : there;
}

function speaksResponses(provider: Provider): boolean {
  return spokenWith(provider, 'openai-responses') === 'openai-responses';
}

function holdsEncryptedReasoning(input: JsonValue | undefined): boolean {
  return Array.isArray(input) && input.some(isEncryptedReasoning);
}

function referencesIn(input: JsonValue | undefined): string[] {
  return Array.isArray(input) ? input.flatMap((item) => referenceOf(item) ?? []) : [];
}

/** The id that an item stands for; references may leave out their type. */
function referenceOf(item: JsonValue): string | undefined {
  if (!isJsonObject(item) || typeof item['id'] !== 'string') return undefined;
  const isReference = item['type'] === 'item_reference' || (item['type'] === undefined && item['role'] === undefined);
  return isReference ? item['id'] : undefined;
}

function isEncryptedReasoning(item: JsonValue): boolean {
  return isJsonObject(item) && item['type'] === 'reasoning' && typeof item['encrypted_content'] === 'string';
}

function inputOf(input: JsonValue | undefined): JsonValue[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return Array.isArray(input) ? input : [];
}

/**
 * An item as a provider takes it that has never seen it: without the id that another one gave, and no reasoning that only
 * another one can read.
 */
function portable(item: JsonValue): JsonValue[] {
  if (!isJsonObject(item)) return [item];
  if (!plainTypes.has(item['type'])) return [item];
  const { id: _id, ...rest } = item;
  if (item['type'] !== 'reasoning') return [rest];
  const encrypted = item['encrypted_content'];
  return typeof encrypted === 'string' && isForeignProof(encrypted) ? [rest] : [];
}

/** Those that need no id. */
const plainTypes: ReadonlySet<JsonValue | undefined> = new Set([
  ...[undefined, 'message', 'reasoning', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'],
]);
