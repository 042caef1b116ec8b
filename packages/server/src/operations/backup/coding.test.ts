import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { assert as property, asyncProperty, integer, nat } from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { formatNumber, readArchive, writeArchive, type Source } from './archive.ts';
import { checkSeal, decode, encode, type EncryptFor, type OpenWith } from './coding.ts';

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** In pieces of any size, as a network brings them. */
async function* piecesOf(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size) yield await Promise.resolve(bytes.subarray(offset, offset + size));
}

async function* sources(): AsyncGenerator<Source> {
  const content = Buffer.concat([randomBytes(3000), Buffer.alloc(3000, 'text ')]);
  for (const path of ['state/journal/0000000000000001.log', `${'ü'.repeat(80)}/file`, 'openclaw.json']) {
    yield await Promise.resolve({
      entry: { path, kind: 'file', bytes: content.length, mode: 0o600, modifiedAtMs: 1_700_000_000_000 },
      body: piecesOf(content, 700),
    });
  }
}

function make(encryptFor: EncryptFor = {}): Promise<Buffer> {
  const header = { format: formatNumber, version: '1', createdAt: '2026-11-22T00:00:00.000Z', contentBytes: 18_000 };
  return bytesOf(encode(writeArchive(header, sources(), []), encryptFor));
}

async function read(bytes: Buffer, openWith: OpenWith = {}, size = 1000): Promise<number> {
  const facts = await readArchive(decode(piecesOf(bytes, size), openWith), async ({ body }) => {
    for await (const chunk of body) void chunk;
  });
  return facts.files;
}

/** As the code of what was thrown; undefined if all was believed. */
async function refusal(bytes: Buffer, openWith: OpenWith = {}): Promise<string | undefined> {
  try {
    await read(bytes, openWith);
    return undefined;
  } catch (thrown) {
    return thrown instanceof OpenClawError ? thrown.code : String(thrown);
  }
}

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const stranger = await generateX25519Identity();

for (const [name, encryptFor, openWith] of [
  ['plain', {}, {}],
  ['encrypted', { recipients: [recipient] }, { identities: [identity] }],
] as const) {
  test(`a ${name} archive is read in pieces of any size, and never believed with a bit flipped or its end missing`, async () => {
    const whole = await make(encryptFor);
    for (const size of [1, 63, 64, 65, 100_000]) assert.equal(await read(whole, openWith, size), 3, `pieces of ${size}`);
    await property(
      asyncProperty(nat(whole.length - 1), integer({ min: 0, max: 7 }), async (at, bit) => {
        const flipped = Buffer.from(whole);
        flipped[at] = flipped[at]! ^ (1 << bit);
        assert.notEqual(await refusal(flipped, openWith), undefined, `bit ${bit} of byte ${at}`);
        assert.equal(await refusal(whole.subarray(0, at), openWith), 'backup_damaged', `the first ${at} bytes`);
      }),
      { numRuns: Number(process.env['FAST_CHECK_RUNS'] ?? 150) },
    );
    // The frame's own head and tail hold what changes nothing of what comes out.
    for (let at = 0; at < 100; at += 1) {
      for (const place of [at, whole.length - 1 - at]) {
        const flipped = Buffer.from(whole);
        flipped[place] = flipped[place]! ^ (1 << (at % 8));
        assert.notEqual(await refusal(flipped, openWith), undefined, `byte ${place}`);
      }
    }
  });
}

test('without the right key an archive stays closed, and says what is missing', async () => {
  const whole = await make({ recipients: [recipient] });
  assert.equal(whole.includes('openclaw.json'), false);
  assert.equal(await refusal(whole), 'backup_key');
  assert.equal(await refusal(whole, { identities: [stranger] }), 'backup_key');
  assert.equal(await refusal(whole, { passphrase: 'no' }), 'backup_key');
  assert.equal(await refusal(whole, { identities: ['AGE-SECRET-KEY-1NONSENSE'] }), 'backup_key');
  assert.equal(await refusal(whole, { identities: [stranger, identity] }), undefined);
  await assert.rejects(make({ recipients: ['age1nonsense'] }), { code: 'backup_failed' });
});

test('a passphrase opens what it closed', async () => {
  const whole = await make({ passphrase: 'correct horse' });
  assert.equal(await refusal(whole, { passphrase: 'correct horse' }), undefined);
  assert.equal(await refusal(whole, { passphrase: 'wrong horse' }), 'backup_key');
});

test('whether the end is there is told of a plain archive without unpacking it', async () => {
  const whole = await make();
  assert.equal(await checkSeal(piecesOf(whole)), 'sealed');
  await assert.rejects(checkSeal(piecesOf(whole.subarray(0, -1))), { code: 'backup_damaged' });
  assert.equal(await checkSeal(piecesOf(await make({ recipients: [recipient] }))), 'encrypted');
});

test('what a reader or a source throws comes through, and is not called damage', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield (await make()).subarray(0, 500);
    throw new Error('the network is gone');
  }
  await assert.rejects(bytesOf(decode(failing())), /the network is gone/);
  async function* failingEncrypted(): AsyncGenerator<Buffer> {
    yield (await make({ recipients: [recipient] })).subarray(0, 500);
    throw new Error('the network is gone');
  }
  await assert.rejects(bytesOf(decode(failingEncrypted(), { identities: [identity] })), /the network is gone/);
});

const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('age');
const noAge = spawnSync('age', ['--version']).error && !isRequired ? 'age is not installed (apt-get install age)' : false;

test('age itself opens what was encrypted here, and what it encrypted is opened here', { skip: noAge }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-age-'));
  const path = (name: string): string => join(directory, name);
  try {
    writeFileSync(path('identity'), `${identity}\n`, { mode: 0o600 });
    writeFileSync(path('a.age'), await make({ recipients: [recipient] }));
    execFileSync('age', ['-d', '-i', path('identity'), '-o', path('a.tar.zst'), path('a.age')]);
    assert.equal(await read(readFileSync(path('a.tar.zst'))), 3);
    execFileSync('age', ['-r', recipient, '-o', path('b.age'), path('a.tar.zst')]);
    assert.equal(await read(readFileSync(path('b.age')), { identities: [identity] }), 3);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
