/** Outboxes on a store of their own, with a receiver that answers as a test says, for tests. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createLog } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import type { Database } from '../storage/index.ts';
import { migrations } from '../storage/migrations/index.ts';
import { openPostgres } from '../storage/postgres/database.ts';
import type { PgliteServer } from '../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../storage/sqlite/database.ts';
import { storePaths } from '../storage/sqlite/paths.ts';
import type { Delivery, Notice, Outlet, RetryPolicy, SendResult } from './contract.ts';
import { DeliveryStore, insertion } from './delivery-store.ts';
import { createChannelFigures } from './figures.ts';
import { channelLimits, type ChannelLimits } from './limits.ts';
import { Outbox } from './outbox.ts';

export const retry: RetryPolicy = { attempts: 5, maxAgeMs: 3_600_000, baseDelayMs: 1000, maxDelayMs: 60_000, timeoutMs: 10_000 };

export interface Attempted {
  readonly id: string;
  /** Since the beginning. */
  readonly atMs: number;
}

export interface OutboxSetup extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly database: Database;
  readonly store: DeliveryStore;
  readonly outlets: Map<string, Outlet>;
  /** All attempts so far, of all outboxes. */
  readonly attempts: Attempted[];
  readonly logged: string[];
  readonly signs: string[];
  /** How an attempt goes. @default delivered */
  answer: (delivery: Delivery, signal: AbortSignal) => SendResult | Promise<SendResult>;
  /** A process on the same store. */
  process(options?: ProcessOptions): Outbox;
  /** One that dies in its first attempts, which nobody knows anything of afterwards. */
  dieInAttempt(): Promise<void>;
  /** The same at any time: what is due is heard where the receiver is up, and not written down. @returns how many were left open */
  crash(heard: string[], isUp: boolean): Promise<number>;
  /** As a run does: there is something to tell now. */
  add(seq: number, channelId?: string): Promise<string>;
  /** Lets time pass in steps, each with all that follows from it. */
  pass(outbox: Outbox, durationMs: number, stepMs?: number): Promise<void>;
}

export interface ProcessOptions {
  /** @default 'gateway' */
  readonly owner?: string;
  /** @default always the longest pause */
  readonly random?: () => number;
}

export interface OutboxSetupOptions {
  /** @default SQLite on a disk of its own */
  readonly server?: PgliteServer;
  readonly limits?: Partial<ChannelLimits>;
  readonly retry?: Partial<RetryPolicy>;
}

export async function setUpOutbox(options: OutboxSetupOptions = {}): Promise<OutboxSetup> {
  const { server } = options;
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const beginMs = clock.now();
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources);
  resources.defer(() => database.close());
  const store = new DeliveryStore(database);
  const [attempts, logged, signs, outboxes]: [Attempted[], string[], string[], Outbox[]] = [[], [], [], []];
  const log = createLog({ clock, level: 'info', format: 'json', destinations: [{ write: (line) => void logged.push(line) }] });
  const outlet: Outlet = {
    to: 'https://receiver.example',
    retry: { ...retry, ...options.retry },
    async send(delivery, signal) {
      attempts.push({ id: delivery.id, atMs: clock.now() - beginMs });
      return setup.answer(delivery, signal);
    },
  };
  resources.defer(async () => void (await Promise.all(outboxes.map((outbox) => outbox.close()))));
  const kept = resources.move();
  const create = ({ owner = 'gateway', random = () => 1 }: ProcessOptions, itsClock: FakeClock): Outbox =>
    new Outbox({
      ...{ store, log, owner, random, outlets: () => setup.outlets, limits: { ...channelLimits, ...options.limits } },
      clock: itsClock,
      figures: createChannelFigures(createMetrics(), () => []),
      life: { alive: () => void signs.push('alive'), died: () => void signs.push('died') },
    });
  const setup: OutboxSetup = {
    ...{ clock, database, store, attempts, logged, signs, outlets: new Map([['ci', outlet]]) },
    answer: () => ({ kind: 'delivered' }),
    process(wanted = {}) {
      const outbox = create(wanted, clock);
      outboxes.push(outbox);
      return outbox;
    },
    async dieInAttempt() {
      assert.ok((await setup.crash([], true)) > 0, 'there was something to send');
    },
    async crash(heard, isUp) {
      const { answer } = setup;
      let open = 0;
      setup.answer = ({ id }) => {
        open += 1;
        if (isUp) heard.push(id);
        return new Promise(() => {});
      };
      // Its time stands still: it does nothing more after its first look.
      await create({}, createFakeClock({ nowMs: clock.now() })).start();
      setup.answer = answer;
      return open;
    },
    async add(seq, channelId = 'ci') {
      const statement = insertion(channelId, noticeOf(seq, clock.now()));
      await database.write({ statements: [statement] });
      return String(statement.params?.[0]);
    },
    async pass(outbox, durationMs, stepMs = 500) {
      await outbox.idle();
      for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
        clock.advance(Math.min(stepMs, leftMs));
        await outbox.idle();
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  return setup;
}

function noticeOf(seq: number, atMs: number): Notice {
  return { ...{ type: 'run.finished', runId: 'run_A', sessionKey: 'agent:main:main', agentId: 'main' }, ...{ seq, atMs, text: 'Done.' } };
}

function openOnDisk(resources: AsyncDisposableStack): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-outbox-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock: createFakeClock(), migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}
