/**
 * Builds the block events of an answer from a wire that has no blocks: text opens a block when it begins and closes it when
 * something else begins; tool calls are kept apart by a key and may interleave.
 *
 * It does not read a wire: see `openai-completions/decode-response.ts` and its like.
 */
import type { JsonObject } from '../../core/json.ts';
import type { BlockDelta, ModelEvent } from './events.ts';

export type TextKind = 'text' | 'thinking' | 'refusal';

export interface ToolCallPiece {
  readonly id?: string;
  readonly name?: string;
  readonly argumentsJson?: string;
  readonly extensions?: JsonObject;
}

interface Call {
  id: string | undefined;
  name: string;
  json: string;
  /** `undefined` until the name is known. */
  index: number | undefined;
  stopped: boolean;
  /** Whether `json` is a `{}` that nobody has been told of: see `addArguments`. */
  isHeldBack: boolean;
  extensions: JsonObject | undefined;
}

export class BlockBuilder {
  readonly #events: ModelEvent[] = [];
  readonly #calls = new Map<number, Call>();
  readonly #allCalls: Call[] = [];
  #openText: { readonly index: number; readonly kind: TextKind } | undefined;
  #nextIndex = 0;
  #lastKey = 0;

  /** Whether any tool was called. */
  get calledTools(): boolean {
    return this.#allCalls.length > 0;
  }

  /** Whether nothing was said at all. */
  get isEmpty(): boolean {
    return this.#nextIndex === 0 && !this.calledTools;
  }

  /** What was built since the last call. */
  take(): ModelEvent[] {
    return this.#events.splice(0);
  }

  text(kind: TextKind, text: string): void {
    if (text !== '') this.#delta(this.#open(kind), { kind: 'text', text });
  }

  /** The signature of the thinking that is under way; `text` is its text where it did not stream before. */
  signature(signature: string, text: string): void {
    const streamed = this.#openText?.kind === 'thinking';
    const index = this.#open('thinking');
    if (!streamed && text !== '') this.#delta(index, { kind: 'text', text });
    this.#delta(index, { kind: 'signature', signature });
    this.#closeText();
  }

  redactedThinking(data: string): void {
    this.#closeText();
    const index = this.#nextIndex++;
    this.#events.push({ type: 'blockStart', index, block: { kind: 'redactedThinking', data } }, { type: 'blockStop', index });
  }

  /** A block that only one dialect has, verbatim. */
  native(dialect: string, value: JsonObject): void {
    this.#closeText();
    const index = this.#nextIndex++;
    this.#events.push({ type: 'blockStart', index, block: { kind: 'native', dialect, value } }, { type: 'blockStop', index });
  }

  /**
   * A piece of the tool call at `key`, the wire's index for it. Where the wire gives none, or the same for every call, a new
   * id means a new call.
   */
  toolCall(key: number | undefined, piece: ToolCallPiece): void {
    const call = this.#callFor(key, piece);
    call.id ??= piece.id;
    call.extensions ??= piece.extensions;
    if (piece.name) call.name ||= piece.name;
    const json = addArguments(call, piece.argumentsJson ?? '');
    if (call.stopped) return;
    if (call.index !== undefined) this.#argumentsDelta(call.index, json);
    else if (call.name !== '') this.#start(call);
  }

  /** Closes what is open. Says what is wrong with a call that never became one. */
  finish(): string | undefined {
    this.#closeText();
    for (const call of this.#allCalls) {
      if (call.index === undefined) return 'a tool call has no name';
      this.#stop(call);
    }
    return undefined;
  }

  #callFor(key: number | undefined, piece: ToolCallPiece): Call {
    const at = key ?? this.#lastKey;
    const known = this.#calls.get(at);
    const another = known !== undefined && Boolean(piece.id) && Boolean(piece.name) && known.id !== undefined && piece.id !== known.id;
    this.#lastKey = at;
    if (known && !another) return known;
    const call: Call = { id: undefined, name: '', json: '', index: undefined, stopped: false, isHeldBack: false, extensions: undefined };
    this.#calls.set(at, call);
    this.#allCalls.push(call);
    return call;
  }

  #start(call: Call): void {
    this.#closeText();
    // Calls nearly always stream one after the other: those whose arguments are whole are done.
    for (const earlier of this.#allCalls) if (earlier !== call && earlier.index !== undefined && isWhole(earlier)) this.#stop(earlier);
    const index = this.#nextIndex++;
    call.index = index;
    const { name, extensions } = call;
    const id = call.id || `call_${index}`;
    this.#events.push({ type: 'blockStart', index, block: { kind: 'toolCall', id, name, ...(extensions && { extensions }) } });
    if (!call.isHeldBack) this.#argumentsDelta(index, call.json);
  }

  #stop(call: Call): void {
    if (call.stopped || call.index === undefined) return;
    call.stopped = true;
    if (call.isHeldBack) this.#argumentsDelta(call.index, call.json);
    this.#events.push({ type: 'blockStop', index: call.index });
  }

  #open(kind: TextKind): number {
    if (this.#openText?.kind === kind) return this.#openText.index;
    this.#closeText();
    const index = this.#nextIndex++;
    this.#openText = { index, kind };
    this.#events.push({ type: 'blockStart', index, block: { kind } });
    return index;
  }

  #closeText(): void {
    if (this.#openText) this.#events.push({ type: 'blockStop', index: this.#openText.index });
    this.#openText = undefined;
  }

  #argumentsDelta(index: number, json: string): void {
    if (json !== '') this.#delta(index, { kind: 'arguments', json });
  }

  #delta(index: number, delta: BlockDelta): void {
    this.#events.push({ type: 'blockDelta', index, delta });
  }
}

/**
 * Adds a piece to the arguments of a call and returns what of it can be passed on. Some servers open a call with `{}` and
 * stream the real arguments after that, so a `{}` at the start waits, and counts only if nothing follows.
 */
function addArguments(call: Call, json: string): string {
  if (call.isHeldBack) {
    if (json.trim() === '') return '';
    call.json = '';
    call.isHeldBack = false;
  } else call.isHeldBack = call.json === '' && json === '{}';
  call.json += json;
  return call.isHeldBack ? '' : json;
}

function isWhole({ json, isHeldBack }: Call): boolean {
  if (isHeldBack || !json.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
