/**
 * What may stand in `{ $secret: … }`: one row for each kind of place that secrets lie in. The server checks and follows references by these
 * rows, and editors complete them.
 *
 * It does not say how a source is asked, nor where it is: that is `secrets` of the configuration.
 */
import type { JsonSchema, Schema } from './schema.ts';

/** What each kind of reference names, once it is resolved. */
export interface SecretTargets {
  readonly env: { readonly name: string };
  readonly file: { readonly path: string; readonly key?: string };
  readonly exec: { readonly command: readonly string[]; readonly key?: string };
  readonly vault: {
    readonly path: string;
    readonly key: string;
    readonly mount?: string;
    readonly namespace?: string;
    readonly version?: number;
  };
  readonly aws: { readonly name: string; readonly key?: string; readonly region?: string; readonly stage?: string };
  readonly azure: { readonly name: string; readonly key?: string; readonly vaultUrl?: string; readonly version?: string };
  readonly google: { readonly name: string; readonly key?: string; readonly project?: string; readonly version?: string };
}

export type SecretKind = keyof SecretTargets;

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description });
const jsonKey = text('The secret is a JSON object, and the value under this name is meant.');

/** @param shorthand the property that a plain text stands for */
function target(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[], shorthand?: string): JsonSchema {
  const whole = { type: 'object', properties, required, additionalProperties: false } as const;
  return shorthand === undefined ? whole : { ...whole, 'x-shorthand': shorthand };
}

const rows: Readonly<Record<SecretKind, JsonSchema>> = {
  env: target({ name: text('A variable of the environment or of .env.') }, ['name'], 'name'),
  file: target(
    { path: text('A file, relative to the one that names it; one newline at its end is dropped.'), key: jsonKey },
    ['path'],
    'path',
  ),
  exec: target(
    {
      command: {
        type: 'array',
        minItems: 1,
        items: text('The program, and what it is called with.'),
        description: 'Called without a shell; what it prints is the secret.',
      },
      key: jsonKey,
    },
    ['command'],
  ),
  vault: target(
    {
      path: text('The path of the secret below the mount, without `data/`.'),
      key: text('Which of its values.'),
      mount: text('The mount of the KV version 2 engine. Absent: that of `secrets.vault.mount`.'),
      namespace: text('Absent: that of `secrets.vault.namespace`.'),
      version: { type: 'integer', minimum: 1, description: 'Absent: the newest, which is followed.' },
    },
    ['path', 'key'],
  ),
  aws: target(
    {
      name: text('Name or ARN of the secret.'),
      key: jsonKey,
      region: text('Absent: that of the ARN, of `secrets.aws.region`, or of AWS_REGION.'),
      stage: text('The staging label. Absent: AWSCURRENT, which is followed.'),
    },
    ['name'],
    'name',
  ),
  azure: target(
    {
      name: text('Name of the secret.'),
      key: jsonKey,
      vaultUrl: text('Absent: that of `secrets.azure.vaultUrl`.'),
      version: text('Absent: the newest, which is followed.'),
    },
    ['name'],
    'name',
  ),
  google: target(
    {
      name: text('Name of the secret, or its whole path: projects/P/secrets/S.'),
      key: jsonKey,
      project: text('Absent: that of the path or of `secrets.google.project`.'),
      version: text('Absent: latest, which is followed.'),
    },
    ['name'],
    'name',
  ),
};

export const secretTargets = rows as { readonly [Kind in SecretKind]: Schema<SecretTargets[Kind]> };

export const secretKinds = Object.keys(rows) as readonly SecretKind[];

/** As editors need it: of the file as it is written. */
export const secretReference: JsonSchema = {
  type: 'object',
  description: 'Where the secret is kept.',
  properties: {
    $secret: {
      anyOf: Object.entries(rows).map(([kind, row]) => ({
        type: 'object',
        properties: { [kind]: asWritten(row) },
        required: [kind],
        additionalProperties: false,
      })),
    },
  },
  required: ['$secret'],
  additionalProperties: false,
};

function asWritten({ 'x-shorthand': shorthand, ...whole }: JsonSchema): JsonSchema {
  return shorthand === undefined ? whole : { anyOf: [whole.properties?.[shorthand] ?? {}, whole] };
}
