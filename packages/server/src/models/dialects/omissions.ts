/**
 * The fields that are left out when a request crosses to another dialect, each with the reason why the answer stays the
 * same without it. Whatever is not in this table and cannot be carried is refused by name.
 *
 * It does not translate: what has a counterpart is carried by the dialects themselves.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { DialectName } from './dialect.ts';
import { pathOf, unsupported } from './fields.ts';

export type FieldPlace = 'request' | 'message' | 'part' | 'tool';

export interface Omission {
  readonly from: DialectName;
  readonly place: FieldPlace;
  readonly field: string;
  /** The values for which leaving it out is harmless; absent: all of them. */
  readonly onlyIf?: (value: JsonValue) => boolean;
  readonly reason: string;
}

const is = (...wanted: JsonValue[]) => (value: JsonValue): boolean => wanted.some((one) => JSON.stringify(one) === JSON.stringify(value));

const openai = (place: FieldPlace, field: string, reason: string, onlyIf?: Omission['onlyIf']): Omission => ({
  from: 'openai-completions', place, field, reason, ...(onlyIf && { onlyIf }),
});
const anthropic = (place: FieldPlace, field: string, reason: string, onlyIf?: Omission['onlyIf']): Omission => ({
  from: 'anthropic-messages', place, field, reason, ...(onlyIf && { onlyIf }),
});

const theDefault = 'The value is what every provider does anyway.';
const cacheOnly = 'Steers the prompt cache of its own provider: it changes the cost and not the answer.';

export const omissions: readonly Omission[] = [
  openai('request', 'metadata', 'Labels for the records of the client\'s own provider; no model sees them.'),
  openai('request', 'store', theDefault, is(false)),
  openai('request', 'n', theDefault, is(1)),
  openai('request', 'logprobs', theDefault, is(false)),
  openai('request', 'top_logprobs', theDefault, is(0)),
  openai('request', 'logit_bias', theDefault, is({})),
  openai('request', 'frequency_penalty', theDefault, is(0)),
  openai('request', 'presence_penalty', theDefault, is(0)),
  openai('request', 'modalities', theDefault, is(['text'])),
  openai('request', 'verbosity', theDefault, is('medium')),
  openai('request', 'prompt_cache_key', cacheOnly),
  openai('request', 'prompt_cache_retention', cacheOnly),
  openai('request', 'prompt_cache_options', cacheOnly),
  openai('request', 'stream_options', 'Concerns the framing of the client\'s own stream, not the answer.'),
  openai('message', 'annotations', 'Sources of an earlier answer, apart from its text, which is carried.'),
  openai('message', 'parsed', 'A copy of the content that the SDK made.'),
  openai('message', 'reasoning', 'Thinking of an earlier turn without a signature, which no other provider takes.'),
  openai('message', 'reasoning_details', 'Thinking of an earlier turn in the form of another provider.'),
  openai('part', 'detail', 'A hint about the cost of an image; the other side chooses the resolution itself.'),
  openai('part', 'index', 'Left over from a stream; the order of the calls says the same.'),
  openai('part', 'parsed_arguments', 'A copy of the arguments that the SDK made.'),
  openai('part', 'name', 'The tool\'s name on its result; the id of the call says the same.'),
  anthropic('request', 'thinking', 'How much to think is carried; how thinking is shown has no counterpart, and it is not shown there.', (value) =>
    is('enabled', 'disabled', 'adaptive')(typeof value === 'object' && value !== null && !Array.isArray(value) ? (value['type'] ?? null) : null),
  ),
  anthropic('request', 'cache_control', cacheOnly),
  anthropic('request', 'diagnostics', 'Asks why the prompt cache was missed; the answer is the same.'),
  anthropic('request', 'speed', theDefault, is('standard')),
  anthropic('request', 'context_management', 'Lets the provider clear old parts of a long conversation; without it the whole of it is read.'),
  anthropic('part', 'cache_control', `${cacheOnly} Carried where the upstream takes it (quirk cacheControl).`),
  anthropic('part', 'citations', 'Sources of an earlier answer, apart from its text, which is carried. Asking for citations is refused.'),
  anthropic('part', 'signature', 'Thinking of an earlier turn is carried only to providers that read it (quirk reasoningContent), and proof of it to none.'),
  anthropic('part', 'caller', 'The model itself called the tool, which is the only way elsewhere.', is({ type: 'direct' })),
  anthropic('tool', 'cache_control', `${cacheOnly} Carried where the upstream takes it (quirk cacheControl).`),
  anthropic('tool', 'eager_input_streaming', 'How finely arguments stream, not what they are.'),
  anthropic('tool', 'defer_loading', theDefault, is(false)),
  anthropic('tool', 'allowed_callers', theDefault, is(['direct'])),
];

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
