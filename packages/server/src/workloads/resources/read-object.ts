/** From what somebody sent to what is stored: checked, with defaults, and with warnings for what is probably not meant. */
import { isDeepStrictEqual } from 'node:util';
import { workloadsApiVersion, type ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { check } from './check.ts';
import type { Host, Kind } from './kind.ts';

import { checkMetadata, checkName, generateName, type WrittenMetadata } from './metadata.ts';
import { mistake, refuseMistakes, type Mistake } from './mistakes.ts';

/** What is done about fields that there are not. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface ReadOptions {
  readonly fieldValidation: FieldValidation;
  readonly host: Host;
  /** Of the path that it was sent to. */
  readonly namespace: string;
  /** The same; absent where it is created. */
  readonly name?: string;
  /** What there is. */
  readonly current?: ApiObject;
}

export interface ReadObject {
  readonly name: string;
  readonly metadata: WrittenMetadata;
  readonly spec: JsonValue;
  readonly status: JsonValue | undefined;
  /** For the writer to see. */
  readonly warnings: readonly string[];
}

const topLevel = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** @throws OpenClawError `invalid_request` for an object of another path, `workload_invalid` with every mistake */
export function readObject(kind: Kind, body: JsonObject, options: ReadOptions): ReadObject {
  refuseOthers(kind, body, options);
  const { metadata, ...checkedMetadata } = checkMetadata(body['metadata'] ?? {});
  const name = options.name ?? metadata.name ?? (metadata.generateName === undefined ? '' : generateName(metadata.generateName));
  const spec = check(kind.spec, body['spec'] ?? {}, 'spec');
  const unknown = [...unknownAbove(body), ...checkedMetadata.unknown, ...spec.unknown];
  const found = [
    ...(name === '' ? [mistake.required('metadata.name', 'a name, or generateName')] : checkName(kind.name, name)),
    ...checkedMetadata.mistakes,
    ...spec.mistakes,
    ...(spec.mistakes.length === 0 ? kind.rules(spec.value) : []),
    ...immutable(kind, spec.value, options.current),
  ];
  refuseMistakes(kind.kind, name, options.fieldValidation === 'Strict' ? [...unknown, ...found] : found);
  return {
    ...{ name, metadata, spec: spec.value, status: body['status'] },
    warnings: [
      ...(options.fieldValidation === 'Warn' ? unknown.map(({ message }) => message) : []),
      // Said once, when it is written.
      ...(options.current && isDeepStrictEqual(spec.value, options.current.spec) ? [] : kind.warnings(spec.value, options.host)),
    ],
  };
}

/** @throws OpenClawError `invalid_request` */
function refuseOthers({ kind }: Kind, body: JsonObject, { namespace, name }: ReadOptions): void {
  const metadata = (body['metadata'] ?? {}) as JsonObject;
  const wrong = (path: string, wanted: string, given: JsonValue | undefined): OpenClawError =>
    new OpenClawError('invalid_request', {
      details: { path, reason: `must be ${wanted}, as in the path that it was sent to, not ${JSON.stringify(given ?? null).slice(0, 80)}` },
      param: path,
    });
  if (body['apiVersion'] !== workloadsApiVersion) throw wrong('apiVersion', workloadsApiVersion, body['apiVersion']);
  if (body['kind'] !== kind) throw wrong('kind', kind, body['kind']);
  const given = metadata['namespace'] ?? namespace;
  if (given !== '' && given !== namespace) throw wrong('metadata.namespace', namespace, given);
  if (name !== undefined && (metadata['name'] ?? name) !== name) throw wrong('metadata.name', name, metadata['name']);
}

function unknownAbove(body: JsonObject): readonly Mistake[] {
  const names = Object.keys(body).filter((name) => !topLevel.includes(name));
  return names.map((name) => mistake.unknown(name, name, topLevel));
}

function immutable({ isImmutable, kind }: Kind, spec: JsonValue, current: ApiObject | undefined): readonly Mistake[] {
  if (!isImmutable || !current || isDeepStrictEqual(spec, current.spec)) return [];
  return [mistake.forbidden('spec', `a ${kind} is not changed once it is there: delete it, and create another`)];
}
