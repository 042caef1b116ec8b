/**
 * The journal on the storage contract. Writes of one run go one after the other, those of different runs share a commit; nobody is told of
 * anything before it is durable.
 *
 * What a run should do next is not its business: see `engine/`.
 */
import type { RunEvent, RunEventBody, RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Database, Statement, WriteBatch } from '../../storage/index.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { Journal, Lease, NewRun, RunArchive, RunObserver, RunQuestion, StaleAmount, Takeable, TakeableQuestion } from './contract.ts';
import { applyEvent, foldRun } from './fold.ts';
import * as store from './run-store.ts';
import { type Known, type ViewLimits, Views } from './views.ts';
import { Watchers } from './watchers.ts';

export interface JournalOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** What others write down with these events, in the same commit: all of it is there, or nothing. Takes no time and throws nothing. */
  readonly alongside?: (events: readonly RunEvent[], view: RunView) => readonly Statement[];
  /** Where runs go that are forgotten. Asked each time. @default nowhere */
  readonly archive?: () => RunArchive | undefined;
}

/** Writes that wait for one run: its owner's, and those from outside. */
const waitingPerRun = 1000;
/** Events that are read at once. */
const pageEvents = 500;
/** Events that are held while it is made out how a run stands. */
const foldedEvents = 200;
/** Whoever follows reads so many to begin with, at least, and then about so much text. */
const firstFollowed = 32;
const fewestFollowed = 4;
const followedCharacters = 256 * 1024;
/** How often somebody from outside tries again where the owner was quicker. */
const postAttempts = 20;
/** Runs that go into the archive at once: one file, which is read through for one of them. */
const archivedRuns = 50;
/** Of views that are kept; 64 MiB or twice that, by how the text is held. */
const viewLimits: ViewLimits = { views: 2000, characters: 64 * 2 ** 20 };

export function createJournal(options: JournalOptions): Journal {
  return new StoredJournal(options);
}

class StoredJournal implements Journal {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #alongside: NonNullable<JournalOptions['alongside']>;
  readonly #archive: NonNullable<JournalOptions['archive']>;
  readonly #order = new OneAtATime(waitingPerRun);
  readonly #watchers = new Watchers();
  readonly #observers = new Set<RunObserver>();
  /** A write that finds it is old reads it again. */
  readonly #views = new Views(viewLimits);
  #isClosed = false;

  constructor({ database, clock, alongside = () => [], archive = () => undefined }: JournalOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#alongside = alongside;
    this.#archive = archive;
  }

  async create(run: NewRun): Promise<{ readonly run: RunView; readonly isKnown: boolean }> {
    const atMs = this.#clock.now();
    const events = [run.created, ...(run.copied ?? [])].map((body, index): RunEvent => ({ runId: run.id, seq: index + 1, atMs, ...body }));
    const view = foldRun(events);
    try {
      await this.#commit(store.creation(run, view, events.slice(1)), events, view);
    } catch (thrown) {
      if (!isConflict(thrown) || run.idempotencyKey === undefined) throw thrown;
      return { run: await this.#known(run, run.idempotencyKey), isKnown: true };
    }
    this.#views.remember({ view, lastAtMs: atMs });
    this.#tell(events, view);
    return { run: view, isKnown: false };
  }

  #commit(batch: WriteBatch, events: readonly RunEvent[], view: RunView): Promise<void> {
    const alongside = this.#alongside(events, view);
    return this.#database.write(alongside.length === 0 ? batch : { ...batch, statements: [...batch.statements, ...alongside] });
  }

  async #known(run: NewRun, key: string): Promise<RunView> {
    const row = await store.readRow(this.#database, 'idempotency_key', key);
    if (!row) throw this.#notFound(run.id);
    if (row.requestHash !== run.requestHash) throw new OpenClawError('idempotency_key_reused', { details: { runId: key } });
    return this.view(row.id);
  }

  async view(runId: string): Promise<RunView> {
    const row = await store.readRow(this.#database, 'id', runId);
    if (!row) return foldRun(await this.#archived(runId));
    const known = this.#views.get(runId)?.view;
    return known?.lastSeq === row.nextSeq - 1 ? known : (await this.#reload(runId)).view;
  }

  async find(idempotencyKey: string): Promise<RunView | undefined> {
    const row = await store.readRow(this.#database, 'idempotency_key', idempotencyKey);
    return row && this.view(row.id);
  }

  known(runId: string): RunView | undefined {
    return this.#views.get(runId)?.view;
  }

  async list(question: RunQuestion): Promise<readonly RunView[]> {
    const views: RunView[] = [];
    // One after the other: to know how one stands all of its events may have to be read.
    for (const id of await store.readIds(this.#database, question)) views.push(await this.view(id));
    return views;
  }

  async acquire(runId: string, owner: string, leaseMs: number): Promise<Lease | undefined> {
    const row = await store.readRow(this.#database, 'id', runId);
    if (!row) throw this.#notFound(runId);
    const now = this.#clock.now();
    if (row.owner !== null && row.owner !== owner && row.leaseUntilMs >= now) return undefined;
    try {
      await this.#database.write(store.taking(row, owner, now + leaseMs));
    } catch (thrown) {
      if (isConflict(thrown)) return undefined;
      throw thrown;
    }
    return { runId, owner, epoch: row.epoch + 1 };
  }

  async renew(leases: readonly Lease[], leaseMs: number): Promise<void> {
    const until = this.#clock.now() + leaseMs;
    await Promise.all(
      leases.map(async ({ runId, epoch }) => {
        try {
          await this.#database.write(store.renewing(runId, epoch, until));
        } catch (thrown) {
          throw isConflict(thrown) ? leaseLost(runId) : thrown;
        }
      }),
    );
  }

  async release({ runId, epoch }: Lease): Promise<void> {
    await this.#database.write({ statements: [store.releasing(runId, epoch)] });
  }

  async takeable(question: TakeableQuestion): Promise<readonly Takeable[]> {
    return store.readTakeable(this.#database, question, this.#clock.now());
  }

  async untoldChildren(limit: number): Promise<readonly string[]> {
    return store.readUntoldChildren(this.#database, limit);
  }

  append(lease: Lease, bodies: readonly RunEventBody[]): Promise<readonly RunEvent[]> {
    return this.#order.run(lease.runId, async () => {
      // Somebody from outside may have written since: then the numbers are read again, and the lease decides.
      for (let attempt = 0; attempt < postAttempts; attempt += 1) {
        const written = await this.#write(lease.runId, bodies, lease.epoch);
        if (written) return written;
        await this.#checkHeld(lease);
      }
      throw new OpenClawError('storage_busy', { retryAfterMs: 1000 });
    });
  }

  appendAfter(lease: Lease, after: number, bodies: readonly RunEventBody[]): Promise<readonly RunEvent[] | undefined> {
    return this.#order.run(lease.runId, async () => {
      const { view } = this.#views.get(lease.runId) ?? (await this.#reload(lease.runId));
      if (view.lastSeq > after) return undefined;
      const written = await this.#write(lease.runId, bodies, lease.epoch);
      if (!written) await this.#checkHeld(lease);
      return written;
    });
  }

  async #checkHeld({ runId, epoch }: Lease): Promise<void> {
    const row = await store.readRow(this.#database, 'id', runId);
    if (row?.epoch !== epoch) throw leaseLost(runId);
  }

  post(runId: string, body: RunEventBody): Promise<RunEvent> {
    return this.#order.run(runId, async () => {
      for (let attempt = 0; attempt < postAttempts; attempt += 1) {
        const view = await this.view(runId);
        const { status } = view;
        if (body.kind === 'run.resumed') {
          if (status !== 'failed') throw new OpenClawError('run_not_failed', { details: { runId, status } });
        } else if (view.endedAtMs !== null) throw new OpenClawError('run_ended', { details: { runId, status } });
        const [written] = (await this.#write(runId, [body], undefined)) ?? [];
        if (written) return written;
      }
      throw new OpenClawError('storage_busy', { retryAfterMs: 1000 });
    });
  }

  /** @returns undefined where somebody else has written, or has taken the run */
  async #write(runId: string, bodies: readonly RunEventBody[], epoch: number | undefined): Promise<readonly RunEvent[] | undefined> {
    const { view: before, lastAtMs } = this.#views.get(runId) ?? (await this.#reload(runId));
    const atMs = Math.max(this.#clock.now(), lastAtMs);
    const events = bodies.map((body, index): RunEvent => ({ runId, seq: before.lastSeq + 1 + index, atMs, ...body }));
    const after = events.reduce(applyEvent, before);
    try {
      await this.#commit(store.appending(events, after, { epoch, nextSeq: before.lastSeq + 1 }), events, after);
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
      await this.#reload(runId);
      return undefined;
    }
    this.#views.remember({ view: after, lastAtMs: atMs });
    this.#tell(events, after);
    return events;
  }

  async read(runId: string, after: number, limit: number): Promise<readonly RunEvent[]> {
    return (await this.#readPage(runId, { after, limit })).events;
  }

  async #readPage(runId: string, { after, limit }: store.EventPage): Promise<store.EventsRead> {
    const page = await store.readEvents(this.#database, runId, { after, limit: Math.min(limit, pageEvents) });
    if (page.events.length > 0 || (await store.readRow(this.#database, 'id', runId))) return page;
    const events = (await this.#archived(runId)).filter(({ seq }) => seq > after).slice(0, limit);
    return { events, characters: 0 };
  }

  /** @throws OpenClawError `run_not_found` */
  async #archived(runId: string): Promise<readonly RunEvent[]> {
    const events = await this.#archive()?.find(runId);
    if (!events || events.length === 0) throw this.#notFound(runId);
    return events;
  }

  async *follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent> {
    // Before the first reading, so that nothing can come between the two.
    const watcher = this.#watchers.watch(runId);
    const onAbort = (): void => watcher.end();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      let last = after;
      let limit = firstFollowed;
      let fresh: readonly RunEvent[] | undefined;
      while (!signal.aborted && !this.#isClosed) {
        const page =
          fresh && continues(fresh, last) ? { events: fresh, characters: 0 } : await this.#readPage(runId, { after: last, limit });
        const from = last;
        for (const event of page.events.filter(({ seq }) => seq > from)) {
          yield event;
          last = event.seq;
        }
        if (page.events !== fresh && page.events.length >= limit) {
          limit = nextLimit(limit, page.characters);
          fresh = undefined;
          continue;
        }
        const view = this.known(runId) ?? (await this.view(runId));
        if (view.endedAtMs !== null && view.lastSeq <= last) return;
        await watcher.wait();
        fresh = watcher.take();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      watcher.end();
    }
  }

  observe(listener: RunObserver): () => void {
    this.#observers.add(listener);
    return () => void this.#observers.delete(listener);
  }

  async compact(beforeMs: number, limit: number): Promise<number> {
    const ids = await store.readCompactable(this.#database, beforeMs, limit);
    if (ids.length === 0) return 0;
    const dropped = await store.countDeltas(this.#database, ids);
    if (dropped > 0) await this.#database.write({ statements: store.dropDeltas(ids) });
    return dropped;
  }

  async forget(beforeMs: number, limit: number): Promise<number> {
    const archive = this.#archive();
    const ids = await store.readEnded(this.#database, beforeMs, archive ? Math.min(limit, archivedRuns) : limit);
    if (ids.length > 0) await archive?.keep(ids, this.#allEvents(ids));
    if (ids.length > 0) await this.#database.write({ statements: store.forgetting(ids) });
    for (const id of ids) this.#views.forget(id);
    return ids.length;
  }

  async *#allEvents(runIds: readonly string[]): AsyncGenerator<RunEvent> {
    for (const runId of runIds) {
      for (let after = 0; ;) {
        const { events } = await store.readEvents(this.#database, runId, { after, limit: foldedEvents });
        yield* events;
        if (events.length < foldedEvents) break;
        after = events.at(-1)?.seq ?? after;
      }
    }
  }

  stale(what: 'deltas' | 'runs', beforeMs: number): Promise<StaleAmount> {
    return store.readStale(this.#database, what, beforeMs);
  }

  async kept(runIds: readonly string[]): Promise<ReadonlySet<string>> {
    return store.readKept(this.#database, runIds);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchers.endAll();
  }

  async #reload(runId: string): Promise<Known> {
    // The row first: what is written between the two readings is in the events, and must not be taken for known where it is not.
    const row = await store.readRow(this.#database, 'id', runId);
    const folded = row && (await this.#readState(runId));
    if (!folded) throw this.#notFound(runId);
    // Deltas are left out of the fold, and have numbers all the same.
    const view = { ...folded, lastSeq: Math.max(row.nextSeq - 1, folded.lastSeq) };
    // What was written while this was read is newer than what was read.
    const known = this.#views.get(runId);
    if (known && known.view.lastSeq > view.lastSeq) return known;
    const found: Known = { view, lastAtMs: Math.max(row.lastAtMs, view.updatedAtMs) };
    this.#views.remember(found);
    return found;
  }

  /** A part at a time: the results of a long run are large, and no state is made of them. */
  async #readState(runId: string): Promise<RunView | undefined> {
    let view: RunView | undefined;
    for (;;) {
      const events = await store.readStateEvents(this.#database, runId, { after: view?.lastSeq ?? 0, limit: foldedEvents });
      view = view ? events.reduce(applyEvent, view) : events.length > 0 ? foldRun(events) : undefined;
      if (events.length < foldedEvents) return view;
    }
  }

  #tell(events: readonly RunEvent[], view: RunView): void {
    this.#watchers.tell(events);
    for (const observe of this.#observers) observe(events, view);
  }

  #notFound(runId: string): OpenClawError {
    return new OpenClawError('run_not_found', { details: { runId } });
  }
}

/** Whether these follow what was handed on last, without a gap that only the store can fill: another process may have written in between. */
function continues(events: readonly RunEvent[], last: number): boolean {
  const [first] = events;
  return first !== undefined && first.seq <= last + 1 && events.every(({ seq }, index) => seq === first.seq + index);
}

/** Many where they are small: whoever reads slowly holds what it was given. */
function nextLimit(limit: number, characters: number): number {
  return characters > followedCharacters ? Math.max(fewestFollowed, Math.floor(limit / 2)) : Math.min(pageEvents, limit * 2);
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof OpenClawError && thrown.code === 'storage_conflict';
}

function leaseLost(runId: string): OpenClawError {
  return new OpenClawError('lease_lost', { details: { runId } });
}
