/**
 * The fields that are left out when a request crosses to another dialect, each with the reason why the answer stays the
 * same without it. Whatever is not in this table and cannot be carried is refused by name. Fields that the internal request
 * holds (`detail`, `cache_control`, `citations`, `signature`) stand here for completeness; the encoders leave them out.
 *
 * It does not translate: what has a counterpart is carried by the dialects themselves.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { ClientDialectName } from './dialect.ts';
import { pathOf, unsupported } from './fields.ts';

export type FieldPlace = 'request' | 'message' | 'part' | 'tool';

export interface Omission {
  readonly from: ClientDialectName;
  readonly place: FieldPlace;
  readonly field: string;
  /** The values for which leaving it out is harmless; absent: all of them. */
  readonly onlyIf?: (value: JsonValue) => boolean;
  readonly reason: string;
}

const is =
  (...wanted: JsonValue[]) =>
  (value: JsonValue): boolean =>
    wanted.some((one) => JSON.stringify(one) === JSON.stringify(value));

const theDefault = 'The value is what every provider does anyway.';
const cacheOnly = 'Steers the prompt cache of its own provider: it changes the cost and not the answer.';

const geminiOnly = "Proof of Gemini's thinking, carried to Gemini alone.";

type Row = readonly [place: FieldPlace, field: string, reason: string, onlyIf?: (value: JsonValue) => boolean];

const isKnownThinking = (value: JsonValue): boolean => isJsonObject(value) && is('enabled', 'disabled', 'adaptive')(value['type'] ?? null);

const harmlessIncludes: readonly JsonValue[] = [
  ...['reasoning.encrypted_content', 'file_search_call.results', 'web_search_call.results', 'web_search_call.action.sources'],
  ...['message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs'],
];

const isHarmlessInclude = (value: JsonValue): boolean => Array.isArray(value) && value.every((one) => harmlessIncludes.includes(one));

const isAboutSummary = (value: JsonValue): boolean =>
  isJsonObject(value) && Object.keys(value).every((key) => key === 'summary' || key === 'generate_summary');

const rows: Readonly<Record<ClientDialectName, readonly Row[]>> = {
  'openai-completions': [
    ['request', 'metadata', "Labels for the records of the client's own provider; no model sees them."],
    ['request', 'store', theDefault, is(false)],
    ['request', 'n', theDefault, is(1)],
    ['request', 'logprobs', theDefault, is(false)],
    ['request', 'top_logprobs', theDefault, is(0)],
    ['request', 'logit_bias', theDefault, is({})],
    ['request', 'frequency_penalty', theDefault, is(0)],
    ['request', 'presence_penalty', theDefault, is(0)],
    ['request', 'modalities', theDefault, is(['text'])],
    ['request', 'verbosity', theDefault, is('medium')],
    ['request', 'prompt_cache_key', cacheOnly],
    ['request', 'prompt_cache_retention', cacheOnly],
    ['request', 'prompt_cache_options', cacheOnly],
    ['request', 'stream_options', "Concerns the framing of the client's own stream, not the answer."],
    ['message', 'annotations', 'Sources of an earlier answer, apart from its text, which is carried.'],
    ['message', 'parsed', 'A copy of the content that the SDK made.'],
    ['message', 'reasoning', 'Thinking of an earlier turn without a signature, which no other provider takes.'],
    ['message', 'reasoning_details', 'Thinking of an earlier turn in the form of another provider.'],
    ['message', 'extra_content', geminiOnly],
    ['part', 'extra_content', geminiOnly],
    ['part', 'detail', 'A hint about the cost of an image; the other side chooses the resolution itself.'],
    ['part', 'index', 'Left over from a stream; the order of the calls says the same.'],
    ['part', 'parsed_arguments', 'A copy of the arguments that the SDK made.'],
    ['part', 'name', "The tool's name on its result; the id of the call says the same."],
  ],
  'openai-responses': [
    ['request', 'store', 'The gateway itself stores the response.'],
    ['request', 'metadata', 'Labels of the stored response, which the gateway keeps; no model sees them.'],
    ['request', 'include', 'What it asks for is there anyway, or is of tools that are refused.', isHarmlessInclude],
    ['request', 'reasoning', 'How much to think is carried; a summary of the thinking comes where the provider shows any.', isAboutSummary],
    ['request', 'text', theDefault, is({ verbosity: 'medium' })],
    ['request', 'truncation', theDefault, is('disabled')],
    ['request', 'background', theDefault, is(false)],
    ['request', 'top_logprobs', theDefault, is(0)],
    ['request', 'max_tool_calls', 'Limits the tools that the provider runs itself, which are refused.'],
    ['request', 'safety_identifier', "An opaque id for the abuse detection of the client's own provider."],
    ['request', 'prompt_cache_key', cacheOnly],
    ['request', 'prompt_cache_retention', cacheOnly],
    ['request', 'prompt_cache_options', cacheOnly],
    ['request', 'stream_options', "Concerns the framing of the client's own stream, not the answer."],
    ['message', 'id', 'Names the item in the records of its own provider.'],
    ['message', 'status', 'Says how an earlier answer ended, whose text is carried.'],
    ['message', 'phase', 'Tells an earlier remark from an earlier answer; the text is carried.'],
    ['part', 'item', "Id, status and phase of an earlier answer's message, whose text is carried."],
    ['part', 'id', 'Names the item in the records of its own provider; call and result meet by the id of the call.'],
    ['part', 'status', 'Says how an earlier call ended, which is carried.'],
    ['part', 'caller', 'The model itself called the tool, which is the only way elsewhere.', is({ type: 'direct' })],
    ['part', 'extra_content', geminiOnly],
    ['part', 'name', "The tool's name on its result; the id of the call says the same."],
    ['part', 'logprobs', 'Probabilities of an earlier answer, whose text is carried.'],
    ['part', 'parsed', 'A copy of the text that the SDK made.'],
    ['part', 'parsed_arguments', 'A copy of the arguments that the SDK made.'],
    ['part', 'detail', 'A hint about the cost of an image or a file; the other side chooses the resolution itself.'],
    ['part', 'prompt_cache_breakpoint', cacheOnly],
    ['tool', 'defer_loading', theDefault, is(false)],
    ['tool', 'allowed_callers', theDefault, is(['direct'])],
    ['tool', 'output_schema', 'Describes the result for programs; the model reads the result itself.'],
    ['tool', 'cache_control', `${cacheOnly} Carried where the upstream takes it (quirk cacheControl).`],
  ],
  'anthropic-messages': [
    [
      'request',
      'thinking',
      'How much to think is carried; how thinking is shown has no counterpart, and it is not shown there.',
      isKnownThinking,
    ],
    ['request', 'cache_control', cacheOnly],
    ['request', 'diagnostics', 'Asks why the prompt cache was missed; the answer is the same.'],
    ['request', 'speed', theDefault, is('standard')],
    ['request', 'context_management', 'Lets the provider clear old parts of a long conversation; without it the whole of it is read.'],
    ['part', 'cache_control', `${cacheOnly} Carried where the upstream takes it (quirk cacheControl).`],
    ['part', 'citations', 'Sources of an earlier answer, apart from its text, which is carried. Asking for citations is refused.'],
    [
      'part',
      'signature',
      'Thinking of an earlier turn is carried only to providers that read it (quirk reasoningContent), and proof of it to none.',
    ],
    ['part', 'caller', 'The model itself called the tool, which is the only way elsewhere.', is({ type: 'direct' })],
    ['tool', 'cache_control', `${cacheOnly} Carried where the upstream takes it (quirk cacheControl).`],
    ['tool', 'eager_input_streaming', 'How finely arguments stream, not what they are.'],
    ['tool', 'defer_loading', theDefault, is(false)],
    ['tool', 'allowed_callers', theDefault, is(['direct'])],
  ],
};

export const omissions: readonly Omission[] = (Object.keys(rows) as ClientDialectName[]).flatMap((from) =>
  rows[from].map(([place, field, reason, onlyIf]): Omission => ({ from, place, field, reason, ...(onlyIf && { onlyIf }) })),
);

export interface Crossing {
  readonly from: string;
  readonly place: FieldPlace;
  /** Where the fields stood on the client's wire, and the provider they cannot be carried to. */
  readonly path: string;
  readonly target: string;
}

/** @throws OpenClawError `unsupported_feature` for the first field that is neither carried nor in the table */
export function refuseUncarried(extensions: JsonObject | undefined, crossing: Crossing, carried: readonly string[] = []): void {
  for (const field in extensions) {
    const value = extensions[field];
    if (value === undefined || carried.includes(field) || isOmitted(field, value, crossing)) continue;
    const shown = typeof value === 'object' ? '' : ` ${JSON.stringify(value).slice(0, 40)}`;
    throw unsupported(pathOf(crossing.path, field), `${field}${shown}`, crossing.target);
  }
}

function isOmitted(field: string, value: JsonValue, { from, place }: Crossing): boolean {
  return omissions.some((row) => row.from === from && row.place === place && row.field === field && (row.onlyIf?.(value) ?? true));
}
