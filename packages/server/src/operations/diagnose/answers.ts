/** The forms of raw answers that are not the engine's own JSON, and reading of values that came from outside. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** One file or folder of a container, as its archive begins. */
export type EntryAnswer = {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Its own name, or of a link where that leads. */
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Of a file: its first bytes, in base64. */
  readonly head: string;
  /** Of a folder: the name of the first thing in it; empty where there is none. */
  readonly firstName: string;
};

export type StatAnswer = { readonly uid: number; readonly gid: number; readonly mode: number; readonly isDirectory: boolean };

export type RoomAnswer = {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  readonly totalInodes: number;
};

export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function textsOf(value: JsonValue | undefined): readonly string[] {
  return listOf(value).filter((each) => typeof each === 'string');
}

/** Undefined where it is no number, or where zero stands for none. */
export function positiveOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

/** Undefined for the year one, which Go says for never. */
export function momentOf(value: JsonValue | undefined): number | undefined {
  const atMs = Date.parse(textOf(value));
  return atMs > 0 ? atMs : undefined;
}
