/** What a kind of object is, as data: what the API serves, checks, explains and shows follows from it. */
import type { ApiObject } from '@openclaw/protocol';
import type { ObjectField, TextForm } from './field.ts';
import type { Mistake } from './mistakes.ts';

export interface Kind {
  readonly kind: string;
  /** In paths. */
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly name: TextForm;
  readonly spec: ObjectField;
  /** For `explain`; what controllers write is not checked. */
  readonly status: ObjectField;
  /** Whether `spec` holds for good. */
  readonly isImmutable: boolean;
  /** Has `/scale`. */
  readonly hasScale: boolean;
  /** What it takes to write it: an object that says what runs on this machine is for administrators. */
  readonly writeScope: 'operator.admin' | 'operator.write';
  readonly columns: readonly Column[];
  /** What field selectors may ask for, beside the name and the namespace. */
  readonly selectable: Readonly<Record<string, (object: ApiObject) => string>>;
  /** Rules between fields, of a `spec` whose fields are right each by itself. */
  rules(spec: unknown): readonly Mistake[];
  /** What may be written and is probably not meant. */
  warnings(spec: unknown, host: Host): readonly string[];
}

/** The machine that workloads run on. */
export interface Host {
  readonly memoryBytes: number;
}

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  /** 1: only where more is asked for. */
  readonly priority: 0 | 1;
  cell(object: ApiObject, nowMs: number): string | number;
}
