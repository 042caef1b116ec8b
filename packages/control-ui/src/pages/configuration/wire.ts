/** What the gateway answers about its configuration, as far as the page uses it. */
import type { JsonSchema } from '@openclaw/protocol';
import type { JsonObject } from './setting.ts';

export interface Issue {
  /** The setting at fault; empty for a mistake in the writing itself. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  readonly code: string;
  /** Where in it; absent where the mistake has no place in a file. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ConfigStatus {
  readonly state: 'current' | 'refused' | 'lastGood' | 'rescue';
  readonly isReadOnly: boolean;
  readonly needsRestart: readonly string[];
  readonly path: string;
  readonly issues: readonly Issue[];
  readonly version: number | null;
  readonly hash: string | null;
}

export interface ConfigFile {
  readonly path: string;
  readonly includedPaths: readonly string[];
  readonly exists: boolean;
  /** With placeholders for secrets; null where there is no file. */
  readonly raw: string | null;
  /** Null where the text is not well formed. */
  readonly parsed: JsonObject | null;
  /** What is in force. */
  readonly config: JsonObject;
  readonly hash?: string;
}

export interface SchemaAnswer {
  readonly schema: JsonSchema;
}

export interface CheckAnswer {
  readonly valid: boolean;
  readonly issues: readonly Issue[];
}

export interface Written {
  readonly version: number;
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
}

export interface Version {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly changed: readonly string[];
}

export interface History {
  readonly current: number | null;
  readonly total: number;
  readonly versions: readonly Version[];
}

/** The message without the place, which is shown beside it, and without the hint, which stands under it. */
export function wordsOf({ message, hint, file, line, column }: Issue): string {
  const place = line === undefined ? '' : `${file ?? ''}:${line}:${column ?? 1}: `;
  const words = message.startsWith(place) ? message.slice(place.length) : message;
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(` ${hint}`, '');
}
