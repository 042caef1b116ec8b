/**
 * The one form in which the fields of a kind are written down: from it come checks, defaults, the OpenAPI document and what `explain` says.
 *
 * It holds no rules between fields: those are functions beside the kind.
 */

export type Field = TextField | NumberField | FlagField | QuantityField | PortField | ListField | MapField | ObjectField;

interface Described {
  /** A sentence for `explain`. */
  readonly description: string;
}

export interface TextForm {
  readonly pattern: RegExp;
  readonly maxLength: number;
  /** Follows "must be": `a name of letters a-z, …`. */
  readonly expects: string;
}

export interface TextField extends Described {
  readonly type: 'text';
  readonly default?: string;
  readonly choices?: readonly string[];
  readonly form?: TextForm;
}

export interface NumberField extends Described {
  readonly type: 'integer';
  readonly default?: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface FlagField extends Described {
  readonly type: 'flag';
  readonly default?: boolean;
}

/** `256Mi`, `0.5`; a plain number is taken, and kept as text. */
export interface QuantityField extends Described {
  readonly type: 'quantity';
  readonly of: 'bytes' | 'cores';
}

/** A number, or the name of a port. */
export interface PortField extends Described {
  readonly type: 'port';
}

export interface ListField extends Described {
  readonly type: 'list';
  readonly items: Field;
  readonly default?: readonly never[];
  readonly minItems?: number;
  readonly maxItems: number;
  /** Entries that have the same here are one too many. */
  readonly key?: string;
}

/** Texts under names that the writer chooses. */
export interface MapField extends Described {
  readonly type: 'map';
}

export interface ObjectField extends Described {
  readonly type: 'object';
  readonly fields: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

/** Without the type, which the builder adds. */
type Options<F extends Field> = Omit<F, 'type' | 'description'>;

export const field = {
  text: (description: string, options: Options<TextField> = {}): TextField => ({ type: 'text', description, ...options }),
  integer: (description: string, options: Options<NumberField>): NumberField => ({ type: 'integer', description, ...options }),
  flag: (description: string, options: Options<FlagField> = {}): FlagField => ({ type: 'flag', description, ...options }),
  quantity: (description: string, of: QuantityField['of']): QuantityField => ({ type: 'quantity', description, of }),
  port: (description: string): PortField => ({ type: 'port', description }),
  list: (description: string, items: Field, options: Partial<Options<ListField>> = {}): ListField => ({
    ...{ type: 'list', description, items, maxItems: 100 },
    ...options,
  }),
  map: (description: string): MapField => ({ type: 'map', description }),
  object: (description: string, fields: ObjectField['fields'], options: Pick<ObjectField, 'required'> = {}): ObjectField => ({
    ...{ type: 'object', description, fields },
    ...options,
  }),
} as const;
