import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createRedactor } from '../../core/redact.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import { startPglite, type PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import { createAudit } from './audit.ts';

interface Setup extends AsyncDisposable {
  readonly database: Database;
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly lines: string[];
  readonly audit: ReturnType<typeof createAudit>;
}

async function setup(server: PgliteServer | undefined, secrets: readonly string[] = []): Promise<Setup> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources);
  resources.defer(() => database.close());
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }] });
  const audit = createAudit({ database, clock, log, redactor: createRedactor(secrets) });
  const kept = resources.move();
  return { database, clock, lines, audit, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openOnDisk(resources: AsyncDisposableStack): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-audit-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock: createFakeClock(), migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}

const entry = (action: string, subject = 'key_1', detail: Record<string, string | number | boolean | null> = {}) => ({
  actor: 'cli',
  action,
  subject,
  detail,
});

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`audit log on ${engine}`, () => {
    let server: PgliteServer | undefined;
    before(async () => void (server = engine === 'PostgreSQL' ? await startPglite() : undefined));
    after(() => server?.stop());

    test('entries are listed as they were recorded, the newest first, page by page', async () => {
      await using log = await setup(server);
      await log.audit.record(entry('key.created', 'key_1', { name: 'ci', rpm: 60, models: null, admin: false }));
      log.clock.advance(1000);
      await Promise.all(['key.updated', 'device.approved', 'key.revoked'].map((action) => log.audit.record(entry(action))));
      const all = await log.audit.list({ limit: 10 });
      assert.deepEqual(all.at(-1), {
        ...{ position: 1, at: '2026-01-01T00:00:00.000Z', actor: 'cli', action: 'key.created', subject: 'key_1' },
        detail: { name: 'ci', rpm: 60, models: null, admin: false },
      });
      assert.deepEqual(
        all.map(({ position }) => position),
        [4, 3, 2, 1],
      );
      assert.equal(all[0]?.at, '2026-01-01T00:00:01.000Z');
      const [newest] = await log.audit.list({ limit: 1 });
      assert.deepEqual(await log.audit.list({ limit: 2, before: newest!.position }), all.slice(1, 3));
    });

    test('entries are chosen by the beginning of their action, in which no character is special', async () => {
      await using log = await setup(server);
      for (const action of ['key.created', 'key.revoked', 'keyring.opened', 'device.approved']) await log.audit.record(entry(action));
      const actions = async (actionPrefix: string) => (await log.audit.list({ limit: 10, actionPrefix })).map(({ action }) => action);
      assert.deepEqual(await actions('key.'), ['key.revoked', 'key.created']);
      assert.deepEqual(await actions('device.approved'), ['device.approved']);
      for (const strange of ['k%', 'key_', "'; DELETE FROM audit_log", 'KEY.']) assert.deepEqual(await actions(strange), []);
      const [, second] = await log.audit.list({ limit: 10, actionPrefix: 'key' });
      assert.deepEqual(
        (await log.audit.list({ limit: 10, actionPrefix: 'key', before: second!.position })).map(({ action }) => action),
        ['key.created'],
      );
    });

    test('of more than a hundred thousand entries the oldest go, a thousand at a time, and positions go on', async () => {
      await using log = await setup(server);
      const sql = `INSERT INTO audit_log (position, at, actor, action, subject, detail) VALUES ($1, 0, 'cli', 'key.created', 'key_1', '{}')`;
      for (const position of [1, 999, 1000, 1001, 100_998]) await log.database.write({ statements: [{ sql, params: [position] }] });
      const positions = async () => (await log.audit.list({ limit: 10 })).map(({ position }) => position);
      await log.audit.record(entry('key.updated'));
      assert.deepEqual(await positions(), [100_999, 100_998, 1001, 1000, 999, 1]);
      await log.audit.record(entry('key.updated'));
      assert.deepEqual(await positions(), [101_000, 100_999, 100_998, 1001]);
    });

    test('secrets, endless texts and characters that no engine stores are taken out', async () => {
      await using log = await setup(server, ['correct-horse-battery']);
      const detail = { value: 'is correct-horse-battery', key: 'ock_abcdefghijklmnopqrstuvwxyz', text: `a\0b\n${'x'.repeat(2000)}\ud800` };
      await log.audit.record({ actor: 'device:1\u001b[31m', action: 'config.changed', subject: 's'.repeat(2000), detail });
      const [found] = await log.audit.list({ limit: 1 });
      assert.deepEqual([found?.actor, found?.subject.length], ['device:1 [31m', 501]);
      assert.deepEqual([found?.detail['value'], found?.detail['key']], ['is [redacted]', '[redacted]']);
      assert.match(String(found?.detail['text']), /^a b x{496}…$/);
    });

    test('an entry that cannot be written is logged and fails nobody; a wrong question is refused', async () => {
      await using log = await setup(server);
      for (const limit of [0, -1, 1.5, 1001, Number.NaN])
        await assert.rejects(log.audit.list({ limit }), { code: 'invalid_request', param: 'limit' });
      await assert.rejects(log.audit.list({ limit: 1, before: 0.5 }), { code: 'invalid_request', param: 'before' });
      await log.database.close();
      await log.audit.record(entry('key.created', 'key_9'));
      assert.match(log.lines.join(''), /could not be written to the audit log.*key\.created.*key_9/);
    });
  });
}
