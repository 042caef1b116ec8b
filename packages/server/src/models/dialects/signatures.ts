/**
 * Proofs of thinking, each marked with the dialect whose provider can read it. A conversation may move to a provider of
 * another dialect, which must not be shown proofs that it would refuse. Anthropic's own are unmarked: they hold no colon.
 *
 * It does not look into a proof: only the provider that wrote it can.
 */
import type { DialectName } from './dialect.ts';

/** The proof as it travels in the internal events and in the other dialects. */
export function markSignature(dialect: DialectName, proof: string): string {
  return `${dialect}:${proof}`;
}

/** What `markSignature` was given; `undefined` where the signature is not of this dialect. */
export function proofFor(dialect: DialectName, signature: string): string | undefined {
  return signature.startsWith(`${dialect}:`) ? signature.slice(dialect.length + 1) : undefined;
}

/** Whether a signature belongs to a dialect that marks its own (also Gemini's: `thought-signatures.ts`), so that Anthropic could not read it. */
export function isMarked(signature: string): boolean {
  return signature.includes(':');
}

const marks = ['google:', 'openai-responses:'];
const quotationMark = 0x22;
const backslash = 0x5c;

/** Whether a request may hold a marked signature. Looks at the bytes: most requests hold none, and need not be read for that. */
export function mayHoldMarked(body: Buffer): boolean {
  return marks.some((mark) => startsValue(body, mark));
}

/** Whether a value begins with it. In a text the quotation mark before it would be escaped. */
function startsValue(body: Buffer, mark: string): boolean {
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 1)) {
    if (body[at - 1] === quotationMark && body[at - 2] !== backslash) return true;
  }
  return false;
}
