/**
 * What an endpoint takes and gives, as data: requests are held against it, and the OpenAPI description is made of it. Types, and the small
 * words that tables of operations are written with.
 */
import type { ErrorCode, JsonSchema, OperatorScope, Scope } from '@openclaw/protocol';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** For readers: answers are written by our own types and not checked again. */
export type AnswerSchema = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly description: string;
  readonly schema: AnswerSchema;
  /** @default 'application/json' */
  readonly contentType?: string;
}

export interface Operation {
  readonly method: Method;
  /** `/v1/runs/{id}`: what stands in braces is one piece of the path. */
  readonly path: string;
  readonly summary: string;
  readonly needs: Scope | OperatorScope | 'none';
  readonly query?: Readonly<Record<string, JsonSchema>>;
  readonly body?: JsonSchema;
  /** The body may be as large as one for a model. @default false */
  readonly takesLargeBody?: true;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it may fail with beside wrong credentials. */
  readonly errors?: readonly ErrorCode[];
}

/** The schema under this name in the description. */
export function named(name: string): AnswerSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function listOf(name: string): AnswerSchema {
  return {
    type: 'object',
    required: ['object', 'data', 'has_more'],
    properties: {
      object: { type: 'string', const: 'list' },
      data: { type: 'array', items: named(name) },
      has_more: { type: 'boolean' },
      next_after: { type: ['string', 'null'], description: '`after` of the next page.' },
    },
  };
}
