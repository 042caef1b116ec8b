/** What is typed about a key, and what it comes to: a request to create or change one, or what is wrong with it. Pure. */
import type { CreateKeyRequest, KeyLimits, KeyRecord, UpdateKeyRequest } from '@openclaw/protocol';

export interface KeyDraft {
  readonly name: string;
  readonly isAdmin: boolean;
  /** Separated by spaces or commas; empty for all. */
  readonly models: string;
  /** As the browser's field for times has it, in the time of whoever types; empty for never. */
  readonly expiresAt: string;
  readonly rpm: string;
  readonly tpm: string;
  readonly usdPerDay: string;
  readonly usdPerMonth: string;
}

export type DraftField = keyof KeyDraft;
export type DraftErrors = Partial<Record<DraftField, string>>;

export const limitNames = ['rpm', 'tpm', 'usdPerDay', 'usdPerMonth'] as const satisfies readonly (keyof KeyLimits)[];

export const emptyDraft: KeyDraft = {
  name: '',
  isAdmin: false,
  models: '',
  expiresAt: '',
  rpm: '',
  tpm: '',
  usdPerDay: '',
  usdPerMonth: '',
};

export function draftOf(key: KeyRecord): KeyDraft {
  const limits = Object.fromEntries(limitNames.map((name) => [name, key.limits[name] === null ? '' : String(key.limits[name])]));
  return {
    ...emptyDraft,
    ...limits,
    name: key.name,
    isAdmin: key.scopes.includes('admin'),
    models: key.models?.join(' ') ?? '',
    expiresAt: key.expiresAt === null ? '' : localTime(key.expiresAt),
  };
}

/** Empty where it is good. The gateway checks again, and knows more. */
export function checkDraft(draft: KeyDraft): DraftErrors {
  const errors: DraftErrors = {};
  if (draft.name.trim() === '') errors.name = 'A name tells keys apart in the accounts.';
  if (draft.expiresAt !== '' && Number.isNaN(Date.parse(draft.expiresAt))) errors.expiresAt = 'This is no time.';
  for (const name of limitNames) {
    const text = draft[name].trim();
    const value = Number(text);
    if (text !== '' && !(Number.isFinite(value) && value >= 0)) errors[name] = 'A number from 0 up; empty for any amount.';
    else if ((name === 'rpm' || name === 'tpm') && !Number.isInteger(value)) errors[name] = 'A whole number.';
  }
  return errors;
}

export function createRequestOf(draft: KeyDraft): CreateKeyRequest {
  const models = modelsOf(draft);
  const limits = Object.entries(limitsOf(draft)).filter(([, value]) => value !== null);
  return {
    name: draft.name.trim(),
    scopes: draft.isAdmin ? ['models', 'admin'] : ['models'],
    ...(models === null ? {} : { models }),
    ...(draft.expiresAt === '' ? {} : { expiresAt: new Date(draft.expiresAt).toISOString() }),
    ...Object.fromEntries(limits),
  };
}

export function updateRequestOf(draft: KeyDraft): UpdateKeyRequest {
  return {
    name: draft.name.trim(),
    models: modelsOf(draft),
    expiresAt: draft.expiresAt === '' ? null : new Date(draft.expiresAt).toISOString(),
    ...limitsOf(draft),
  };
}

function limitsOf(draft: KeyDraft): KeyLimits {
  const [rpm, tpm, usdPerDay, usdPerMonth] = limitNames.map((name) => (draft[name].trim() === '' ? null : Number(draft[name])));
  return { rpm: rpm ?? null, tpm: tpm ?? null, usdPerDay: usdPerDay ?? null, usdPerMonth: usdPerMonth ?? null };
}

function modelsOf({ models }: KeyDraft): readonly string[] | null {
  const names = models.split(/[\s,]+/).filter(Boolean);
  return names.length === 0 ? null : names;
}

function localTime(iso: string): string {
  const date = new Date(iso);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
