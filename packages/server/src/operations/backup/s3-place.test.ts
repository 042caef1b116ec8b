import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createWorkbench, notedIn } from './backup.fixture.ts';
import { createBackup } from './create.ts';
import { findArchive, openPlace, type PlaceContext } from './open-place.ts';
import type { Place } from './place.ts';
import { pruneBackups } from './prune.ts';
import { restoreBackup } from './restore.ts';
import { createS3Place } from './s3-place.ts';
import { s3Bucket, s3Keys, s3Region, startOwnS3, startVersityGateway, whyNoVersityGateway, type TestS3 } from './s3.fixture.ts';

const clock = systemClock;

/** Where it is asked for, a server that is missing is a failure. */
const missing = whyNoVersityGateway();
const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('s3');
const skip = missing !== undefined && !isRequired ? missing : false;

function contextOf({ endpoint }: TestS3, keys = s3Keys): PlaceContext {
  return { clock, s3: { endpoint, region: s3Region, ...keys }, lookUp: () => undefined };
}

function placeAt({ endpoint }: TestS3, partBytes: number): Place {
  const credentials = () => Promise.resolve(s3Keys);
  return createS3Place({ endpoint, partBytes, clock, credentials, region: s3Region, bucket: s3Bucket, prefix: 'a b/ü+(1)' });
}

const servers = [
  { name: 'versitygw', start: startVersityGateway, skip },
  { name: 'the server of the test', start: startOwnS3, skip: false },
] as const;

for (const server of servers) {
  test(`${server.name}: a backup goes there, is listed, restored and pruned`, { skip: server.skip }, async () => {
    using bench = await createWorkbench();
    await using s3 = await server.start();
    const address = `s3://${s3Bucket}/some/prefix/`;
    const place = openPlace(address, contextOf(s3));
    assert.deepEqual(await place.list(), []);
    const made = [];
    for (let count = 0; count < 3; count += 1) made.push(await createBackup({ stateDirectory: bench.state, clock, version: '1', place }));
    assert.deepEqual(
      (await place.list()).map(({ name, bytes }) => ({ name, bytes })),
      made.map(({ name, bytes }) => ({ name, bytes })).toReversed(),
    );
    for (const wanted of ['latest', made[2]?.name ?? '', made[2]?.address ?? '']) {
      const archive = await findArchive(wanted, address, { ...contextOf(s3), openWith: {} });
      const target = bench.path(`restored ${wanted.length}`);
      await restoreBackup(archive, { stateDirectory: target, force: false, clock });
      assert.deepEqual(await notedIn(target), ['first', 'second']);
    }
    const { removed } = await pruneBackups({ place, rules: { last: 1, daily: 0, weekly: 0 }, dryRun: false });
    assert.equal(removed.length, 2);
    assert.deepEqual(
      (await place.list()).map(({ name }) => name),
      [made[2]?.name],
    );
    await assert.rejects(
      findArchive('openclaw-new-20200101T000000000Z.tar.zst', address, { ...contextOf(s3), openWith: {} }).then((archive) =>
        archive.readTar()[Symbol.asyncIterator]().next(),
      ),
      {
        code: 'backup_not_found',
      },
    );
  });

  test(`${server.name}: in parts it arrives as it was, under names that need encoding`, { skip: server.skip }, async () => {
    await using s3 = await server.start();
    const place = placeAt(s3, 5 * 2 ** 20);
    const name = 'openclaw-new-20261122T000000000Z.tar.zst';
    for (const bytes of [0, 10, 5 * 2 ** 20, 11 * 2 ** 20 + 3]) {
      const content = randomBytes(bytes);
      assert.deepEqual(await place.put(name, inChunks(content), { contentBytes: bytes }), { bytes });
      const read: Buffer[] = [];
      for await (const chunk of place.get(name)) read.push(chunk);
      assert.ok(Buffer.concat(read).equals(content), String(bytes));
      assert.deepEqual(
        (await place.list()).map((backup) => [backup.name, backup.bytes]),
        [[name, bytes]],
      );
    }
  });

  test(`${server.name}: a wrong key, a bucket and a backup that are not there are told apart`, { skip: server.skip }, async () => {
    await using s3 = await server.start();
    const wrong = openPlace(`s3://${s3Bucket}/x`, contextOf(s3, { ...s3Keys, secretAccessKey: 'wrong' }));
    await assert.rejects(wrong.list(), { code: 'backup_place', message: /403, SignatureDoesNotMatch/ });
    await assert.rejects(openPlace('s3://no-such-bucket/x', contextOf(s3)).list(), { code: 'backup_place', message: /404, NoSuchBucket/ });
    const place = openPlace(`s3://${s3Bucket}/x`, contextOf(s3));
    await assert.rejects(place.get('openclaw-new-20261122T000000000Z.tar.zst')[Symbol.asyncIterator]().next(), {
      code: 'backup_not_found',
    });
  });
}

async function* inChunks(content: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += 100_000) yield await Promise.resolve(content.subarray(offset, offset + 100_000));
}

test('an upload holds one part at a time, and what breaks off in the middle leaves neither an object nor parts', async () => {
  await using s3 = await startOwnS3();
  const place = placeAt(s3, 200_000);
  async function* failing(): AsyncGenerator<Buffer> {
    yield* inChunks(randomBytes(1_000_000));
    throw new Error('the disk is gone');
  }
  await assert.rejects(place.put('openclaw-new-20261122T000000000Z.tar.zst', failing(), { contentBytes: 0 }), /the disk is gone/);
  assert.deepEqual([s3.objects.size, s3.uploads.size], [0, 0]);
  assert.ok(s3.largestBytes() <= 300_000, String(s3.largestBytes()));
});

test('a server that is busy or cuts a connection is asked again; one that stays so is named', async () => {
  await using s3 = await startOwnS3();
  const place = placeAt(s3, 200_000);
  s3.fail('PUT', 503);
  s3.fail('PUT', 'cut');
  const content = randomBytes(500_000);
  await place.put('openclaw-new-20261122T000000000Z.tar.zst', inChunks(content), { contentBytes: 0 });
  assert.ok([...s3.objects.values()][0]?.equals(content));
  await s3.stop();
  await assert.rejects(place.list(), { code: 'backup_place', message: /127\.0\.0\.1.*ECONNREFUSED/ });
});

test('without credentials it says which there could be', async () => {
  const place = openPlace('s3://bucket/x', {
    clock,
    s3: { endpoint: 'http://127.0.0.1:9' },
    lookUp: (name) => ({ AWS_ACCESS_KEY_ID: ' ' })[name],
  });
  // What AWS's own tools would find on this machine is not what this test is about.
  const chain = ['AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_EC2_METADATA_DISABLED'] as const;
  const before = chain.map((name) => process.env[name]);
  Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_CONFIG_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true' });
  try {
    await assert.rejects(place.list(), { code: 'backup_place', message: /no credentials were found/, hint: /AWS_ACCESS_KEY_ID/ });
  } finally {
    for (const [index, name] of chain.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
