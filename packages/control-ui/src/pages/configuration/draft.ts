/** An edited copy of the configuration, and what of it differs: the changes alone are sent, so that comments and the rest of the file stay. */
import { isList, isObject, type Json, type JsonObject, type Path } from './setting.ts';

export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((found, segment) => {
    if (typeof segment === 'number') return isList(found) ? found[segment] : undefined;
    return isObject(found) && Object.hasOwn(found, segment) ? found[segment] : undefined;
  }, value);
}

/** A copy in which `path` has the value; undefined takes it away, and with it objects that are left empty by that. */
export function withValue(root: JsonObject, path: Path, value: Json | undefined): JsonObject {
  const changed = change(root, path, value);
  return isObject(changed) ? changed : {};
}

function change(value: Json | undefined, [segment, ...rest]: Path, next: Json | undefined): Json | undefined {
  if (segment === undefined) return next;
  if (typeof segment === 'number') {
    const items = isList(value) ? [...value] : [];
    const changed = change(items[segment], rest, next);
    if (changed === undefined) items.splice(segment, 1);
    else items[segment] = changed;
    return items;
  }
  const members = isObject(value) ? value : {};
  const changed = change(members[segment], rest, next);
  const { [segment]: _, ...others } = members;
  if (changed === undefined || (next === undefined && rest.length > 0 && isObject(changed) && Object.keys(changed).length === 0))
    return others;
  return { ...members, [segment]: changed };
}

/** What has to be laid over `before` to become `after`; null takes a member away. Lists go whole. Undefined where nothing differs. */
export function patchBetween(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch: Record<string, Json> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [before[name], after[name]];
    if (next === undefined) patch[name] = null;
    else if (isObject(old) && isObject(next)) {
      const inner = patchBetween(old, next);
      if (inner) patch[name] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(next)) patch[name] = next;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** How many settings a patch touches. */
export function countChanges(patch: JsonObject | undefined): number {
  return Object.values(patch ?? {}).reduce<number>(
    (sum, value) => sum + (isObject(value) && Object.keys(value).length > 0 ? countChanges(value) : 1),
    0,
  );
}

export type Origin = 'file' | 'default' | 'elsewhere' | 'none';

/** Where the value that holds comes from, as far as the text and what is in force tell. */
export function originOf({ inFile, inForce, preset }: Readonly<Record<'inFile' | 'inForce' | 'preset', Json | undefined>>): Origin {
  if (inFile !== undefined) return 'file';
  if (inForce === undefined) return preset === undefined ? 'none' : 'default';
  return JSON.stringify(inForce) === JSON.stringify(preset) ? 'default' : 'elsewhere';
}
