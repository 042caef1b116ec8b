/**
 * The fields in which vendors of this dialect hand out thinking and its proofs, and clients send them back. OpenAI's own
 * reference has none of them, and strict vendors refuse a request that holds one.
 */
import type { JsonObject } from '../../../core/json.ts';

const names = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks', 'extra_content'] as const;

/** `reasoning` alone is the word of those strict vendors that have thinking themselves: they take it back. */
const refused = names.filter((name) => name !== 'reasoning').map((name) => Buffer.from(`"${name}"`));

/** Whether a body may hold a field that strict vendors refuse. Looks at its bytes: a word within a text costs a translation and no more. */
export function mayHoldReasoning(body: Buffer): boolean {
  return refused.some((name) => body.includes(name));
}

export function withoutReasoning(fields: JsonObject | undefined): JsonObject | undefined {
  if (!fields || !names.some((name) => fields[name] !== undefined)) return fields;
  const others = { ...fields };
  for (const name of names) delete others[name];
  return others;
}
