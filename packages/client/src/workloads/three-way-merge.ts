/**
 * What `apply` sends: the JSON merge patch that leads from what is there to what is wanted, and takes away only what the apply before had put there.
 * Fields that others set (defaults, controllers, `scale`) stay. Lists are replaced as a whole, as a merge patch does.
 */

/** Where the manifest of the last apply is kept, in the object itself. */
export const lastAppliedAnnotation = 'openclaw.io/last-applied-configuration';

type JsonRecord = Readonly<Record<string, unknown>>;

export interface ThreeManifests {
  /** Of the apply before; undefined where there was none: then nothing is taken away. */
  readonly lastApplied: JsonRecord | undefined;
  readonly wanted: JsonRecord;
  readonly live: JsonRecord;
}

/** Empty where there is nothing to change. */
export function threeWayPatch({ lastApplied, wanted, live }: ThreeManifests): JsonRecord {
  return patchOf(isRecord(lastApplied) ? lastApplied : {}, wanted, live);
}

/** As it is kept in the annotation: the same for the same meaning, whatever the order of the fields in the file. */
export function lastAppliedText(manifest: JsonRecord): string {
  return JSON.stringify(sorted(withoutAnnotation(manifest)));
}

export function readLastApplied(live: JsonRecord): JsonRecord | undefined {
  const text = annotationsOf(live)[lastAppliedAnnotation];
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Somebody wrote over it: then nothing is known of the apply before.
    return undefined;
  }
}

/** A manifest as it is sent, with itself in its annotation. */
export function withLastApplied(manifest: JsonRecord): JsonRecord {
  const metadata = isRecord(manifest['metadata']) ? manifest['metadata'] : {};
  const annotations = { ...annotationsOf(manifest), [lastAppliedAnnotation]: lastAppliedText(manifest) };
  return { ...manifest, metadata: { ...metadata, annotations } };
}

/** Whether two values are the same JSON, in whatever order their fields are. */
export function isSameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function patchOf(lastApplied: JsonRecord, wanted: JsonRecord, live: JsonRecord): JsonRecord {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const there = own(live, name);
    if (isRecord(value) && isRecord(there)) {
      const before = own(lastApplied, name);
      const inner = patchOf(isRecord(before) ? before : {}, value, there);
      if (Object.keys(inner).length > 0) put(patch, name, inner);
    } else if (value === null ? there !== undefined : !isSameJson(value, there)) put(patch, name, value);
  }
  for (const name of Object.keys(lastApplied)) {
    if (!Object.hasOwn(wanted, name) && Object.hasOwn(live, name)) put(patch, name, null);
  }
  return patch;
}

function withoutAnnotation(manifest: JsonRecord): JsonRecord {
  const { [lastAppliedAnnotation]: own, ...annotations } = annotationsOf(manifest);
  if (own === undefined) return manifest;
  return { ...manifest, metadata: { ...(manifest['metadata'] as JsonRecord), annotations } };
}

function annotationsOf(object: JsonRecord): JsonRecord {
  const metadata = object['metadata'];
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined;
  return isRecord(annotations) ? annotations : {};
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value).toSorted()) put(result, name, sorted(value[name]));
  return result;
}

/** Also for a field that is called `__proto__`. */
function put(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function own(record: JsonRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
