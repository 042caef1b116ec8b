/** What `/admin/v1/models` answers: what can be asked for, and what stands behind it. Shapes only. */

/** US$ per million tokens; null where the provider publishes none, and such input costs as any other. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
}

export const modelAbilities = [
  'tools',
  'images',
  'files',
  'reasoning',
  'structuredOutput',
  'prefill',
  'promptCaching',
  'streaming',
] as const;
export type ModelAbility = (typeof modelAbilities)[number];

/** One name that a client may write as `model`. What nobody knows is null. */
export interface ModelRow {
  readonly name: string;
  readonly kind: 'route' | 'model';
  /** Null for a route. */
  readonly provider: string | null;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly abilities: readonly ModelAbility[] | null;
  readonly price: ModelPrice | null;
  /** Of a route, in the order of the configuration; those whose provider is not there are left out. */
  readonly targets: readonly string[] | null;
}

/** A value, and where it comes from in words: the configuration, the catalogue, the server itself. */
export interface Sourced<Value> {
  readonly value: Value;
  readonly source: string;
}

export interface ModelTargetKey {
  readonly id: string;
  /** Where it came from; never the key. */
  readonly source: string;
  readonly weight: number;
  /** `unknown` where no gateway runs: then nobody has asked. */
  readonly state: 'ok' | 'refused' | 'spent' | 'unreachable' | 'unknown';
  /** What the provider said against it. */
  readonly reason: string | null;
}

export interface ModelTargetDescription {
  /** `provider/model`. */
  readonly name: string;
  /** Its share in the route. */
  readonly weight: number;
  /** The wire format. */
  readonly api: string;
  readonly address: string;
  readonly keys: readonly ModelTargetKey[];
  /** Null where nobody listed the model: then it can be asked for all the same. */
  readonly contextWindow: Sourced<number> | null;
  readonly maxOutputTokens: Sourced<number> | null;
  readonly abilities: Sourced<readonly ModelAbility[]> | null;
  readonly price: Sourced<ModelPrice> | null;
}

/** What a name resolves to. */
export interface ModelDescription {
  readonly name: string;
  /** `shared`: the bare id of a model that these providers have. */
  readonly kind: 'route' | 'model' | 'shared';
  readonly strategy: string;
  readonly afterFirstToken: 'error' | 'continue';
  /** In the order of the configuration or of preference. */
  readonly targets: readonly ModelTargetDescription[];
}
