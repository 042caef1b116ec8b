/**
 * What a reasoning item proves: how its `encrypted_content` becomes a signature of the internal events, and back.
 *
 * A signature holds the provider, the item's id and the encrypted content, so that a client of another dialect that sends its
 * thinking back sends all that the provider wants; another provider, which could not decrypt it, is not shown it. The proofs of
 * other dialects travel to clients of this one as encrypted content with a mark of ours.
 */
import { markSignature, proofFor } from '../signatures.ts';

const dialect = 'openai-responses';
const ownMark = 'openclaw:';
const foreignSignature = `${ownMark}signature:`;
const foreignRedacted = `${ownMark}redacted:`;

/** In the text of a body: it may hold a proof that was marked here. */
export const foreignProofMark = `"${ownMark}`;

export interface ReasoningProof {
  /** Who wrote it; `''` where a client of this dialect sent it and it is not known. */
  readonly provider: string;
  readonly id: string;
  readonly encrypted: string;
}

export function sealProof({ provider, id, encrypted }: ReasoningProof): string {
  return markSignature(dialect, `${encodeURIComponent(provider)}:${encodeURIComponent(id)}:${encrypted}`);
}

/** `undefined` for a signature of another dialect. */
export function openProof(signature: string): ReasoningProof | undefined {
  const match = /^([^:]*):([^:]*):([^]*)$/.exec(proofFor(dialect, signature) ?? '');
  return match ? { provider: decode(match[1]), id: decode(match[2]), encrypted: match[3] ?? '' } : undefined;
}

/** Clients may send anything back, so a broken escape is no reason to fail. */
function decode(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type EncryptedMeaning =
  | { readonly kind: 'signature'; readonly signature: string }
  | { readonly kind: 'redacted'; readonly data: string };

/** What the encrypted content of a reasoning item means; a whole item of ours may stand for redacted thinking. */
export function readEncrypted(encrypted: string, item: { readonly provider: string; readonly id: string }): EncryptedMeaning {
  if (encrypted.startsWith(foreignSignature)) return { kind: 'signature', signature: encrypted.slice(foreignSignature.length) };
  if (encrypted.startsWith(foreignRedacted)) return { kind: 'redacted', data: encrypted.slice(foreignRedacted.length) };
  return { kind: 'signature', signature: sealProof({ ...item, encrypted }) };
}

/** The encrypted content of an item with this id. A provider refuses its own under another id, so that is marked as well. */
export function writeEncrypted(signature: string, itemId: string): string {
  const own = openProof(signature);
  return own?.id === itemId ? own.encrypted : foreignSignature + signature;
}

export function writeRedacted(data: string): string {
  return foreignRedacted + data;
}

/** Whether a provider of this dialect has never seen this encrypted content, because the gateway wrote it for another's proof. */
export function isForeignProof(encrypted: string): boolean {
  return encrypted.startsWith(ownMark);
}
