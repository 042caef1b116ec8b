/** Which place a run has in its session. A run that came by another door than ours gets its place when somebody first asks for it. */
import type { RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { PlacedRun, SessionStore } from './session-store.ts';

export interface PlacesOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'session'>;
}

const summaryOrigin = 'summary for ';

/** Whoever asks for a summary begins a run that is told of all before it, and stands for all before it. */
export function summaryRunOrigin(by: string): { readonly kind: 'api'; readonly by: string } {
  return { kind: 'api', by: `${summaryOrigin}${by}` };
}

export function isSummaryRun({ origin }: Pick<RunView, 'origin'>): boolean {
  return origin.kind === 'api' && origin.by.startsWith(summaryOrigin);
}

export type PlaceableRun = Pick<RunView, 'id' | 'sessionKey' | 'agentId' | 'origin'>;

/** @returns its place, which it keeps @throws OpenClawError whatever the database throws */
export async function placeRun(view: PlaceableRun, { store, clock, ids }: PlacesOptions): Promise<PlacedRun> {
  const known = await store.placeOf(view.id);
  if (known) return known;
  try {
    const { sessionKey, agentId, id: runId } = view;
    await store.place({
      ...{ sessionKey, agentId, runId, newSessionId: ids.session(), nowMs: clock.now(), isSummary: isSummaryRun(view) },
    });
  } catch (thrown) {
    // Somebody else was quicker.
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'storage_conflict') throw thrown;
  }
  const placed = await store.placeOf(view.id);
  if (!placed) throw new OpenClawError('storage_failed', { details: { reason: 'the place of a run that was written cannot be read' } });
  return placed;
}
