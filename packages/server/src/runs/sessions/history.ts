/** What was said in a session: for models before a run, and for people page by page. Read from the journals of its runs. */
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Database } from '../../storage/index.ts';
import type { ConversationMessage } from '../engine/contract.ts';
import type { SessionItem, SessionMessage, SessionPage } from './contract.ts';
import { sessionLimits, type SessionLimits } from './limits.ts';
import { type PlaceableRun, placeRun } from './places.ts';
import { saidBefore, type EarlierRun } from './said.ts';
import { type PlacedRun, SessionStore, type ShownRun } from './session-store.ts';
import { tell, type Telling } from './telling.ts';

export interface SaidOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'session'>;
  readonly limits?: Partial<SessionLimits>;
}

/** Runs whose events are read at once. */
const readTogether = 10;
/** Of the last runs that broke off, what they had said is told too. */
const brokenTold = 10;

/** @returns for the engine: what was said in the session before a run, oldest first; before a fork, what was said before the run that it is of */
export function createSaid(options: SaidOptions): (view: RunView) => Promise<readonly ConversationMessage[]> {
  const store = new SessionStore(options.database);
  const limits: SessionLimits = { ...sessionLimits, ...options.limits };

  /** In its session, oldest first. */
  async function earlierInSession(run: PlaceableRun, limit: number): Promise<readonly Outline[]> {
    // A run in a session of its own has nothing before it.
    if (run.sessionKey === `agent:${run.agentId}:${run.id}`) return [];
    const { sessionId, place } = await placeRun(run, { ...options, store });
    if (place === 1) return [];
    const earlier = (await store.placesBefore(sessionId, { before: place, limit })).toReversed();
    const outlines = await store.outlines(earlier);
    return earlier.map(({ runId, isSummary }) => ({ runId, isSummary, events: outlines.get(runId) ?? [] }));
  }

  /** A session that begins with a fork goes on from where that was taken. */
  async function earlierRuns(view: RunView): Promise<readonly Outline[]> {
    let runs: readonly Outline[] = [];
    for (let run: CreatedRun | undefined = view; run && runs.length < limits.saidRuns;) {
      const earlier = await earlierInSession(run, limits.saidRuns - runs.length);
      runs = [...earlier, ...runs];
      const first: CreatedRun | undefined = earlier[0] ? createdIn(earlier[0]) : run;
      run = first?.forkedFrom ? await readCreated(first.forkedFrom.runId) : undefined;
    }
    return runs;
  }

  async function readCreated(runId: string): Promise<CreatedRun | undefined> {
    return createdIn({ runId, events: (await store.outlines([{ runId }])).get(runId) ?? [] });
  }

  return async (view) => {
    const runs = await earlierRuns(view);
    const broken = runs
      .filter(({ events }) => events.some(({ kind }) => kind === 'run.failed' || kind === 'run.cancelled'))
      .slice(-brokenTold);
    const told = new Map(await Promise.all(broken.map(async ({ runId }) => [runId, (await tellRun(store, runId)).text] as const)));
    const withWords = runs.map(({ runId, ...run }): EarlierRun => {
      const words = told.get(runId);
      return words === undefined ? run : { ...run, broken: words };
    });
    return saidBefore(withWords, limits.saidCharacters);
  };
}

interface Outline extends Pick<PlacedRun, 'runId' | 'isSummary'> {
  readonly events: readonly RunEvent[];
}

type CreatedRun = PlaceableRun & Pick<RunView, 'forkedFrom'>;

/** Undefined where it is kept no more. */
function createdIn({ runId, events }: Omit<Outline, 'isSummary'>): CreatedRun | undefined {
  const created = events.find((event) => event.kind === 'run.created');
  return created && { ...created, id: runId };
}

/** What one run said and did. */
export async function tellRun(store: SessionStore, runId: string): Promise<Telling> {
  const events = (await store.stories([{ runId }])).get(runId) ?? [];
  return withStreamedText(store, runId, events);
}

async function withStreamedText(store: SessionStore, runId: string, events: readonly RunEvent[]): Promise<Telling> {
  const told = tell(events);
  if (told.openSince === undefined) return told;
  const deltas = await store.deltas(runId, told.openSince);
  return tell([...events, ...deltas].toSorted((one, other) => one.seq - other.seq));
}

export interface HistoryPage {
  readonly messages: readonly SessionMessage[];
  readonly nextOffset?: number;
}

export interface HistoryQuestion extends SessionPage {
  readonly limitCharacters: number;
  readonly itemCharacters: number;
}

/** Two places for each run, for what was asked and for what was answered: an offset stays true while runs go on. */
export async function readHistory(store: SessionStore, sessionId: string, question: HistoryQuestion): Promise<HistoryPage> {
  const { limit, offset = 0, limitCharacters } = question;
  const messages: SessionMessage[] = [];
  let taken = 0;
  let characters = 0;
  for await (const message of latestFirst(store, sessionId, question)) {
    characters += message ? lengthOf(message) : 0;
    const isFull = taken >= limit || (messages.length > 0 && characters > limitCharacters);
    if (isFull) return { messages: messages.toReversed(), nextOffset: offset + taken };
    taken += 1;
    if (message) messages.push(message);
  }
  return { messages: messages.toReversed() };
}

/** One more run than the page can hold, so that it is known whether there is more. */
async function* latestFirst(store: SessionStore, sessionId: string, { limit, offset = 0, itemCharacters }: HistoryQuestion) {
  const wanted = await store.page(sessionId, { limit: Math.ceil((limit + (offset % 2)) / 2) + 1, offset: Math.floor(offset / 2) });
  // The page before may have ended between an answer and what it answers.
  let passedOver = offset % 2;
  for (let index = 0; index < wanted.length; index += readTogether) {
    const chunk = wanted.slice(index, index + readTogether);
    const stories = await store.stories(chunk);
    for (const placed of chunk) {
      yield* (await exchangeOf(store, placed, { events: stories.get(placed.runId) ?? [], itemCharacters })).slice(passedOver);
      passedOver = 0;
    }
  }
}

interface Story {
  readonly events: readonly RunEvent[];
  readonly itemCharacters: number;
}

/** The answer and the message; no answer where nothing was said yet. */
async function exchangeOf(
  store: SessionStore,
  { runId, sessionId, place, isNamed }: ShownRun,
  { events, itemCharacters }: Story,
): Promise<readonly [SessionMessage | undefined, SessionMessage | undefined]> {
  const [created] = events;
  if (created?.kind !== 'run.created') return [undefined, undefined];
  const { input, atMs } = created;
  const told = await withStreamedText(store, runId, events);
  const { text, isWhole } = told;
  const items = told.items.map((item) => shortened(item, itemCharacters));
  const common = { runId, sessionId };
  const question: SessionMessage = {
    ...{ ...message(common, place * 2 - 1), role: 'user', text: input, atMs },
    ...(isNamed ? { idempotencyKey: runId } : {}),
  };
  if (text === '' && items.length === 0 && !isWhole) return [undefined, question];
  const answer: SessionMessage = {
    ...{ ...message(common, place * 2), role: 'assistant', text, atMs: told.endedAtMs ?? told.startedAtMs ?? atMs },
    ...(isWhole ? {} : { incomplete: true }),
    ...(items.length > 0 ? { items } : {}),
  };
  return [answer, question];
}

function message({ runId, sessionId }: { readonly runId: string; readonly sessionId: string }, seq: number) {
  return { id: `${sessionId}-${seq}`, seq, runId };
}

function shortened(item: SessionItem, limit: number): SessionItem {
  if (item.kind === 'text' || item.result === null || item.result.length <= limit) return item;
  return { ...item, result: `${item.result.slice(0, limit).toWellFormed()}…` };
}

function lengthOf({ text, items = [] }: SessionMessage): number {
  return items.reduce((sum, item) => sum + (item.kind === 'text' ? item.text.length : (item.result?.length ?? 0)), text.length);
}
