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
