/**
 * What a request needs whose client and provider speak the same dialect: the model's name replaced, usage asked for, and
 * not one other byte changed. Usage is read by the dialect's own decoder, fed with the events as they pass.
 *
 * It does not translate: see the dialects.
 */
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { StreamFrame } from './dialect.ts';
import { optionalBoolean, optionalObject, requiredString } from './fields.ts';
import { scanTopLevel } from './top-level-members.ts';

/** What routing must know of any body. The two dialects spell these fields alike. */
export interface RequestEnvelope {
  readonly model: string;
  readonly stream: boolean;
  /** Whether an OpenAI client asked to see usage in its stream. */
  readonly includeUsage: boolean;
}

/** Reads the envelope alone, so that a body with fields that are new to the gateway passes. @throws OpenClawError `invalid_request` */
export function readEnvelope(body: JsonObject): RequestEnvelope {
  const model = requiredString(body, 'model', '');
  const stream = optionalBoolean(body, 'stream', '') ?? false;
  const streamOptions = optionalObject(body, 'stream_options', '');
  const includeUsage = streamOptions ? (optionalBoolean(streamOptions, 'include_usage', 'stream_options') ?? false) : false;
  return { model, stream, includeUsage };
}

export interface ReplaceModelOptions {
  /** Adds OpenAI's `stream_options.include_usage` where the request streams and does not ask yet. @default false */
  readonly includeUsage?: boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The same body with another model. A key that occurs twice is replaced at each place, so that whichever of them a
 * provider reads, it reads what was routed.
 * @throws OpenClawError `invalid_json` where the bytes are not one object
 */
export function replaceModel(body: Buffer, model: string, options: ReplaceModelOptions = {}): Buffer {
  const scan = scanTopLevel(body, options.includeUsage === true ? ['model', 'stream', 'stream_options'] : ['model']);
  const edits: Edit[] = [];
  const value = JSON.stringify(model);
  let streams = false;
  let asksUsage = false;
  const usageEdits: Edit[] = [];
  for (const { name, valueStart: start, valueEnd: end } of scan.members) {
    if (name === 'model') edits.push({ start, end, text: value });
    else if (name === 'stream') streams = body.toString('latin1', start, end) === 'true';
    else {
      asksUsage = true;
      const text = withUsage(body.toString('utf8', start, end));
      if (text !== undefined) usageEdits.push({ start, end, text });
    }
  }
  if (streams) {
    edits.push(...usageEdits);
    const separator = scan.isEmpty ? '' : ',';
    if (!asksUsage) edits.push({ start: scan.end, end: scan.end, text: `${separator}"stream_options":{"include_usage":true}` });
  }
  return applyEdits(body, edits);
}

/** `stream_options` that ask for usage; `undefined` where they do already, or where they are not for us to mend. */
function withUsage(text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  if (value === null) return '{"include_usage":true}';
  if (!isJsonObject(value) || value['include_usage'] === true) return undefined;
  return JSON.stringify({ ...value, include_usage: true });
}

function applyEdits(body: Buffer, edits: Edit[]): Buffer {
  edits.sort((a, b) => a.start - b.start);
  const pieces: Buffer[] = [];
  let position = 0;
  for (const edit of edits) {
    pieces.push(body.subarray(position, edit.start), Buffer.from(edit.text));
    position = edit.end;
  }
  pieces.push(body.subarray(position));
  return Buffer.concat(pieces);
}

const emptyChoices = /"choices"\s*:\s*\[\s*\]/;

/** Whether this event of an OpenAI stream holds usage and nothing else: it is hidden from a client that did not ask for it. */
export function isUsageOnlyEvent(event: StreamFrame): boolean {
  if (event.data === undefined || !event.data.includes('"usage"') || !emptyChoices.test(event.data)) return false;
  try {
    const chunk: unknown = JSON.parse(event.data);
    if (!isJsonObject(chunk) || !isJsonObject(chunk['usage'])) return false;
    return Array.isArray(chunk['choices']) && chunk['choices'].length === 0;
  } catch {
    return false;
  }
}
