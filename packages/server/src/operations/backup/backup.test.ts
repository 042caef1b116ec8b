import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { openState } from '../../storage/index.ts';
import { readStateIdentity } from '../state-identity/index.ts';
import { formatNumber, writeArchive, type BackupHeader, type Source } from './archive.ts';
import { archiveAt, contentsOf, createWorkbench, note, notedIn, secretText, type Workbench } from './backup.fixture.ts';
import { encode } from './coding.ts';
import { createBackup, type BackupMade, type CreateOptions } from './create.ts';
import { createDirectoryPlace } from './directory-place.ts';
import { restoreBackup, verifyBackup } from './restore.ts';
import { encodeHeader, endOfTar, padding, type TarEntry } from './tar.ts';

const clock = systemClock;

function make(bench: Workbench, options: Partial<CreateOptions> = {}): Promise<BackupMade> {
  const place = createDirectoryPlace(bench.place, () => clock.now());
  return createBackup({ stateDirectory: bench.state, clock, version: '1.2.3', place, ...options });
}

const failsWith =
  (code: ErrorCode, words = /./) =>
  (thrown: unknown) =>
    thrown instanceof OpenClawError && thrown.code === code && words.test(thrown.message);

test('a backup brings everything back as it was: records, files, modes, identity; and neither logs nor the lock', async () => {
  using bench = await createWorkbench();
  const made = await make(bench);
  assert.equal(statSync(made.address).mode & 0o777, 0o600);
  assert.equal(statSync(bench.place).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(bench.place), [made.name], 'nothing else is left behind');
  const target = bench.path('restored');
  const restored = await restoreBackup(archiveAt(made.address), { stateDirectory: target, force: false, clock });
  assert.equal(restored.keptIn, undefined);
  assert.equal(restored.header.stateId, readStateIdentity(bench.state)?.id);
  assert.equal(restored.recovery.outcome, 'rebuilt');
  assert.deepEqual(readStateIdentity(target), readStateIdentity(bench.state));
  assert.deepEqual(readdirSync(target).sort(), ['credentials', 'lock.db', 'openclaw.json', 'state', 'workspaces']);
  const files = (root: string) => new Map([...contentsOf(root)].filter(([name]) => /^(openclaw.json|credentials|workspaces)/.test(name)));
  assert.deepEqual(files(target), files(bench.state));
  const state = await openState(target);
  assert.equal(state.recovery.outcome, 'continued', 'the restore has built the database already');
  await state.close();
  assert.deepEqual(await notedIn(target), ['first', 'second']);
});

test(
  'tar and zstd unpack a backup, and what they unpack starts',
  { skip: existsSync('/usr/bin/zstd') ? false : 'there is no zstd' },
  async () => {
    using bench = await createWorkbench();
    const { address } = await make(bench);
    const target = bench.path('by hand');
    mkdirSync(target);
    execFileSync('tar', ['--zstd', '-xf', address, '-C', target]);
    assert.deepEqual(await notedIn(target), ['first', 'second']);
    assert.equal(readFileSync(join(target, 'credentials', 'gateway-token'), 'utf8'), `${secretText}\n`);
    const manifest = readFileSync(join(target, 'MANIFEST.json'), 'utf8') + readFileSync(join(target, 'BACKUP.json'), 'utf8');
    assert.match(manifest, /credentials\/gateway-token/);
    assert.doesNotMatch(manifest, new RegExp(secretText));
  },
);

test('while a gateway owns the state a backup is made beside it, and a restore over it is refused', async () => {
  using bench = await createWorkbench();
  const state = await openState(bench.state);
  try {
    await state.database.write({ statements: [], changes: [{ topic: 'noted', key: 'third' }] });
    const { address } = await make(bench);
    await assert.rejects(restoreBackup(archiveAt(address), { stateDirectory: bench.state, force: true, clock }), failsWith('state_locked'));
    await restoreBackup(archiveAt(address), { stateDirectory: bench.path('other'), force: false, clock });
    assert.deepEqual(await notedIn(bench.path('other')), ['first', 'second', 'third']);
  } finally {
    await state.close();
  }
});

test('a state that has content gives way only to force, and is kept whole beside', async () => {
  using bench = await createWorkbench();
  const { address } = await make(bench);
  await note(bench.state, ['later']);
  writeFileSync(join(bench.state, 'new-file'), 'came later');
  const before = contentsOf(bench.state);
  await assert.rejects(
    restoreBackup(archiveAt(address), { stateDirectory: bench.state, force: false, clock }),
    failsWith('restore_not_empty', /credentials, new-file, openclaw.json, state and more/),
  );
  assert.deepEqual(contentsOf(bench.state), before);
  const { keptIn } = await restoreBackup(archiveAt(address), { stateDirectory: bench.state, force: true, clock });
  assert.deepEqual(await notedIn(bench.state), ['first', 'second']);
  assert.ok(keptIn !== undefined && !existsSync(join(bench.state, 'new-file')));
  const isKept = ([name]: readonly [string, string]): boolean => !name.startsWith('logs');
  assert.deepEqual(new Map(contentsOf(keptIn)), new Map([...before].filter(isKept)));
  assert.deepEqual(await notedIn(keptIn), ['first', 'second', 'later']);
  assert.equal(readFileSync(join(bench.state, 'logs', 'gateway.log'), 'utf8'), 'a line', 'logs tell of the place');
});

test('verify reads everything and opens the database, and leaves nothing behind', async () => {
  using bench = await createWorkbench();
  const { address } = await make(bench);
  const { header, files, recovery } = await verifyBackup(archiveAt(address), { clock });
  assert.equal(header.version, '1.2.3');
  assert.ok(files >= 6, String(files));
  assert.equal(recovery.outcome, 'rebuilt');
});

test('links are left out, and told', async () => {
  using bench = await createWorkbench();
  symlinkSync('/etc/passwd', join(bench.state, 'workspaces', 'passwd'));
  const made = await make(bench);
  assert.deepEqual(made.leftOut, [{ path: 'workspaces/passwd', why: 'it is a link' }]);
  assert.deepEqual((await verifyBackup(archiveAt(made.address), { clock })).leftOut, made.leftOut);
});

test('a backup that cannot be finished leaves nothing in its place', async () => {
  using bench = await createWorkbench();
  const controller = new AbortController();
  const stopped = make(bench, { signal: controller.signal, onProgress: () => controller.abort(new Error('stopped')) });
  await assert.rejects(stopped, /stopped/);
  assert.deepEqual(readdirSync(bench.place), []);
  const place = { ...createDirectoryPlace(bench.place, () => clock.now()), freeBytes: () => Promise.resolve(10) };
  await assert.rejects(
    createBackup({ stateDirectory: bench.state, clock, version: '1', place }),
    failsWith('backup_room', /10 bytes are free/),
  );
  await assert.rejects(make(bench, { stateDirectory: bench.path('nowhere') }), failsWith('backup_failed'));
});

test('a damaged journal is not copied as if it were whole', async () => {
  using bench = await createWorkbench();
  const journal = join(bench.state, 'state', 'journal');
  const segment = join(journal, readdirSync(journal)[0] ?? '');
  const bytes = readFileSync(segment);
  bytes[60] = bytes[60]! ^ 1;
  writeFileSync(segment, bytes);
  await assert.rejects(make(bench), failsWith('storage_damaged'));
  assert.deepEqual(readdirSync(bench.place), []);
});

const header: BackupHeader = { format: formatNumber, version: '1', createdAt: '2026-11-22T00:00:00.000Z', contentBytes: 0 };

async function* chunks(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function* sourcesOf(...paths: string[]): AsyncGenerator<Source> {
  for (const path of paths) yield await Promise.resolve({ entry: entryOf(path), body: chunks('text') });
}

function entryOf(path: string): TarEntry {
  return { path, kind: 'file', bytes: 4, mode: 0o600, modifiedAtMs: 0 };
}

/** Archives that a mistake or somebody's malice could make; all are sealed as whole ones are. */
const wrong: Record<string, { readonly code: ErrorCode; readonly words: RegExp; tar(): AsyncIterable<Buffer> }> = {
  'a path that climbs': { code: 'backup_damaged', words: /leads out/, tar: () => writeArchive(header, sourcesOf('../climbs'), []) },
  'a path that climbs from within': {
    code: 'backup_damaged',
    words: /leads out/,
    tar: () => writeArchive(header, sourcesOf('a/../../b'), []),
  },
  'a path from the root': { code: 'backup_damaged', words: /leads out/, tar: () => writeArchive(header, sourcesOf('/etc/cron.d/x'), []) },
  'a file of the place': { code: 'backup_damaged', words: /lock\.db/, tar: () => writeArchive(header, sourcesOf('lock.db'), []) },
  'the decision of a restore': {
    code: 'backup_damaged',
    words: /restoring/,
    tar: () => writeArchive(header, sourcesOf('.restoring/decided.json'), []),
  },
  'a file twice': { code: 'backup_damaged', words: /twice/, tar: () => writeArchive(header, sourcesOf('a', 'a'), []) },
  'a newer format': { code: 'backup_newer', words: /format 2/, tar: () => writeArchive({ ...header, format: 2 }, sourcesOf(), []) },
  'a link': { code: 'backup_damaged', words: /a link/, tar: () => chunks(linkBlock('2'), endOfTar) },
  'a hard link': { code: 'backup_damaged', words: /a link/, tar: () => chunks(linkBlock('1'), endOfTar) },
  'no list of files': {
    code: 'backup_damaged',
    words: /list of files/,
    tar: () => chunks(textMember('BACKUP.json', JSON.stringify(header)), endOfTar),
  },
  'a tar of something else': { code: 'backup_damaged', words: /no backup/, tar: () => chunks(textMember('a', '{}'), endOfTar) },
  'nothing at all': { code: 'backup_damaged', words: /ends too early/, tar: () => chunks() },
};

function linkBlock(type: string): Buffer {
  const block = encodeHeader({ ...entryOf('link'), bytes: 0 });
  block.write(type, 156, 'latin1');
  block.write('/etc/passwd', 157, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block;
}

function textMember(path: string, text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([encodeHeader({ ...entryOf(path), bytes: body.length }), body, padding(body.length)]);
}

for (const [name, { code, words, tar }] of Object.entries(wrong)) {
  test(`an archive with ${name} is refused, and nothing is changed`, async () => {
    using bench = await createWorkbench();
    const archive = bench.path('wrong.tar.zst');
    const bytes: Buffer[] = [];
    for await (const chunk of encode(tar())) bytes.push(chunk);
    writeFileSync(archive, Buffer.concat(bytes));
    await refusedEverywhere(bench, archive, failsWith(code, words));
  });
}

/** Into a state that is there, and into a directory that is not. */
async function refusedEverywhere(bench: Workbench, archive: string, expected: (thrown: unknown) => boolean): Promise<void> {
  const before = contentsOf(bench.directory);
  const clean = bench.path('clean');
  await assert.rejects(restoreBackup(archiveAt(archive), { stateDirectory: bench.state, force: true, clock }), expected);
  await assert.rejects(restoreBackup(archiveAt(archive), { stateDirectory: clean, force: false, clock }), expected);
  await assert.rejects(verifyBackup(archiveAt(archive), { clock }), expected);
  assert.deepEqual(contentsOf(bench.directory), before);
}

test('half an archive, one byte less, one bit and something else are refused, and nothing is changed', async () => {
  using bench = await createWorkbench();
  const { address } = await make(bench);
  const whole = readFileSync(address);
  const flipped = Buffer.from(whole);
  const middle = flipped.length >> 1;
  flipped[middle] = flipped[middle]! ^ 4;
  const wrongs = [
    whole.subarray(0, middle),
    whole.subarray(0, -1),
    flipped,
    Buffer.alloc(0),
    Buffer.from('PK'),
    Buffer.concat([whole, Buffer.from('x')]),
  ];
  for (const bytes of wrongs) {
    const archive = bench.path('damaged.tar.zst');
    writeFileSync(archive, bytes);
    await refusedEverywhere(bench, archive, failsWith('backup_damaged', /damaged\.tar\.zst/));
  }
});

test('an archive of a newer schema is refused, and nothing is changed', async () => {
  using bench = await createWorkbench();
  const state = await openState(bench.state);
  await state.close();
  const journal = join(bench.state, 'state', 'journal');
  const { encodeRecord } = await import('../../storage/sqlite/segment.ts');
  const { findSegments, readJournal } = await import('../../storage/sqlite/journal.ts');
  const records = readJournal(journal, 0);
  let step = records.next();
  while (!step.done) step = records.next();
  const last = findSegments(journal).at(-1)!.path;
  const line = JSON.stringify({ migration: 9999, name: 'later', statements: [] });
  writeFileSync(last, Buffer.concat([readFileSync(last), encodeRecord(step.value.lastPosition + 1, line)]));
  const { address } = await make(bench);
  await refusedEverywhere(bench, address, failsWith('backup_newer', /schema 9999/));
});
