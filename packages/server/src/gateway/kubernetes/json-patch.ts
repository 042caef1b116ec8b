/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) on plain values. Neither changes what it is given. */
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** As in Kubernetes. */
const operationLimit = 10_000;

export function mergePatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(Object.hasOwn(merged, name) ? (merged[name] ?? null) : null, value);
  }
  return merged;
}

/** @throws OpenClawError `invalid_request` for what is no patch, or does not fit what is there */
export function jsonPatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!Array.isArray(patch)) throw wrong('patch', 'must be a list of operations');
  if (patch.length > operationLimit) throw wrong('patch', `must have at most ${operationLimit} operations`);
  return patch.reduce<JsonValue>((value, operation, index) => applyOne(value, operation, `patch[${index}]`), target);
}

function applyOne(target: JsonValue, operation: JsonValue, at: string): JsonValue {
  if (!isJsonObject(operation)) throw wrong(at, 'must be an operation');
  const path = readPointer(operation['path'], `${at}.path`);
  const from = (): readonly string[] => readPointer(operation['from'], `${at}.from`);
  const value = (): JsonValue => {
    if (!Object.hasOwn(operation, 'value')) throw wrong(`${at}.value`, 'is missing');
    return operation['value'] ?? null;
  };
  switch (operation['op']) {
    case 'add':
      return put(target, path, { value: value(), at, replace: false });
    case 'replace':
      return put(target, path, { value: value(), at, replace: true });
    case 'remove':
      return remove(target, path, at);
    case 'copy':
      return put(target, path, { value: find(target, from(), at), at, replace: false });
    case 'move': {
      const source = from();
      if (source.length < path.length && source.every((part, index) => part === path[index])) throw wrong(at, 'moves a value into itself');
      return put(remove(target, source, at), path, { value: find(target, source, at), at, replace: false });
    }
    case 'test':
      if (!isEqual(find(target, path, at), value())) throw wrong(at, `the test of ${String(operation['path'])} failed`);
      return target;
    default:
      throw wrong(`${at}.op`, 'must be add, remove, replace, move, copy or test');
  }
}

interface Placement {
  readonly value: JsonValue;
  readonly at: string;
  /** Whether something has to be there. */
  readonly replace: boolean;
}

function put(target: JsonValue, path: readonly string[], placement: Placement): JsonValue {
  const { value, at, replace } = placement;
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (Array.isArray(target)) {
    const index = indexOf(target, part, { at, isEndAllowed: !replace && rest.length === 0 });
    if (rest.length > 0) return target.with(index, put(target[index] ?? null, rest, placement));
    return replace ? target.with(index, value) : target.toSpliced(index, 0, value);
  }
  if (!isJsonObject(target) || ((rest.length > 0 || replace) && !Object.hasOwn(target, part))) throw missing(part, at);
  return { ...target, [part]: rest.length === 0 ? value : put(target[part] ?? null, rest, placement) };
}

function remove(target: JsonValue, path: readonly string[], at: string): JsonValue {
  const [part, ...rest] = path;
  if (part === undefined) throw wrong(at, 'removes the whole object');
  if (Array.isArray(target)) {
    const index = indexOf(target, part, { at, isEndAllowed: false });
    return rest.length === 0 ? target.toSpliced(index, 1) : target.with(index, remove(target[index] ?? null, rest, at));
  }
  if (!isJsonObject(target) || !Object.hasOwn(target, part)) throw missing(part, at);
  if (rest.length > 0) return { ...target, [part]: remove(target[part] ?? null, rest, at) };
  const { [part]: _, ...others } = target;
  return others;
}

function find(target: JsonValue, path: readonly string[], at: string): JsonValue {
  let value = target;
  for (const part of path) {
    if (Array.isArray(value)) value = value[indexOf(value, part, { at, isEndAllowed: false })] ?? null;
    else if (isJsonObject(value) && Object.hasOwn(value, part)) value = value[part] ?? null;
    else throw missing(part, at);
  }
  return value;
}

function indexOf(
  list: readonly JsonValue[],
  part: string,
  { at, isEndAllowed }: { readonly at: string; readonly isEndAllowed: boolean },
): number {
  if (part === '-' && isEndAllowed) return list.length;
  const index = /^(?:0|[1-9]\d{0,9})$/.test(part) ? Number(part) : -1;
  if (index < 0 || index > list.length || (index === list.length && !isEndAllowed)) throw missing(part, at);
  return index;
}

function readPointer(pointer: JsonValue | undefined, at: string): readonly string[] {
  if (pointer === '') return [];
  if (typeof pointer !== 'string' || !pointer.startsWith('/') || /~(?![01])/.test(pointer))
    throw wrong(at, 'must be a JSON pointer: /spec/replicas');
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  // Copying such a field would replace the prototype of the copy.
  if (parts.includes('__proto__')) throw wrong(at, 'no field may have this name');
  return parts;
}

/** Names in any order; numbers by their value. */
function isEqual(one: JsonValue, other: JsonValue): boolean {
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((item, index) => isEqual(item, other[index] ?? null));
  if (!isJsonObject(one)) return one === other;
  if (!isJsonObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isEqual(one[name] ?? null, other[name] ?? null))
  );
}

function missing(part: string, at: string): OpenClawError {
  return wrong(at, `there is no ${JSON.stringify(part.slice(0, 100))} at its path`);
}

function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
