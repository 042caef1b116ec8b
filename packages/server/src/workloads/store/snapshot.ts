/**
 * Lists as of a version: what there is now, with the changes since then taken back. So all pages of a list show one moment, and a watch that
 * begins at its version misses nothing.
 */
import type { ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Database } from '../../storage/index.ts';
import type { ListPage, ListQuery } from './resource-store.ts';
import { readChanges, readRows, readSequence, toObject, type ChangeRow } from './statements.ts';

const pageChanges = 500;
/** Between namespace and name in an order of both; neither holds it. */
const separator = '\0';

export async function listAt(database: Database, query: ListQuery): Promise<ListPage> {
  const from = query.continue === undefined ? undefined : readToken(query.continue);
  const atVersion = from?.version ?? (query.atVersion === undefined ? undefined : toVersion(query.atVersion));
  const version = atVersion ?? (await readSequence(database)).version;
  const bodies = await bodiesAt(database, query, version);
  const places = Array.from(bodies.keys()).toSorted(byCodeUnits);
  const items: ApiObject[] = [];
  let last = '';
  let remaining = 0;
  for (const place of places) {
    if (from !== undefined && place <= from.after) continue;
    const object = toObject(bodies.get(place)!);
    if (query.matches && !query.matches(object)) continue;
    if (query.limit !== undefined && items.length >= query.limit) {
      remaining += 1;
      continue;
    }
    items.push(object);
    last = place;
  }
  const more = remaining === 0 ? {} : { continue: toToken(version, last), remaining };
  return { items, resourceVersion: String(version), ...more };
}

type Body = { readonly version: number; readonly body: string };

async function bodiesAt(database: Database, { resource, namespace }: ListQuery, version: number): Promise<ReadonlyMap<string, Body>> {
  const bodies = new Map<string, Body>();
  // Objects before changes: whatever comes between the two reads is among the changes.
  for (const row of await readRows(database, { resource, namespace })) bodies.set(placeOf(row), row);
  const known = new Set<string>();
  for await (const change of changesAfter(database, version, resource)) {
    const place = placeOf(change);
    if (known.has(place) || (namespace !== undefined && change.key.namespace !== namespace)) continue;
    known.add(place);
    if (change.previous) bodies.set(place, change.previous);
    else bodies.delete(place);
  }
  return bodies;
}

/** @throws OpenClawError `workload_version_gone` */
async function* changesAfter(database: Database, version: number, resource: string): AsyncGenerator<ChangeRow> {
  let after = version;
  for (;;) {
    const rows = await readChanges(database, { after, limit: pageChanges, resource });
    // Read after the rows: what was pruned before it may be missing from them.
    const sequence = await readSequence(database);
    if (after < sequence.pruned || version > sequence.version) throw versionGone(version);
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < pageChanges || !last) return;
    after = last.version;
  }
}

export function versionGone(version: number | string): OpenClawError {
  return new OpenClawError('workload_version_gone', { details: { resourceVersion: version } });
}

/** @throws OpenClawError `invalid_request` */
export function toVersion(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new OpenClawError('invalid_request', { details: { path: 'resourceVersion', reason: 'must be one that this API gave' } });
}

function placeOf({ key }: Pick<ChangeRow, 'key'>): string {
  return `${key.namespace}${separator}${key.name}`;
}

function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : 1;
}

function toToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify([version, after])).toString('base64url');
}

function readToken(token: string): { readonly version: number; readonly after: string } {
  try {
    const [version, after] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (Number.isSafeInteger(version) && typeof after === 'string') return { version: version as number, after };
  } catch {
    // Said below, in words of ours.
  }
  throw new OpenClawError('invalid_request', { details: { path: 'continue', reason: 'must be that of the page before' } });
}
