import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { findMount, placeLiveDatabase, type FileSystemFacts } from './filesystem.ts';
import { openSqlite } from './sqlite/database.ts';
import { storePaths } from './sqlite/paths.ts';

const ext4 = 0xef53;
const nfs = 0x6969;

interface Setup {
  readonly state: string;
  readonly facts: FileSystemFacts;
}

/** A state directory that says it lies on a mount of this kind, and a directory of this machine. */
function setup(type: number, mount: string, use: (setup: Setup) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-network-')));
    const state = join(directory, 'state');
    mkdirSync(state);
    const mountInfo = [`20 1 254:0 / / rw,relatime - ext4 /dev/vda rw`, `30 20 0:40 / ${state} rw,relatime - ${mount}`].join('\n');
    const facts: FileSystemFacts = {
      typeOf: (path) => (path.startsWith(state) ? type : ext4),
      mountInfo: () => mountInfo,
      localDirectory: directory,
    };
    try {
      await use({ state, facts });
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}

function refuses({ state, facts }: Setup, words: RegExp): void {
  assert.throws(
    () => placeLiveDatabase(state, facts),
    (thrown) => {
      assert.ok(thrown instanceof OpenClawError);
      assert.equal(thrown.code, 'state_filesystem');
      assert.match(`${thrown.message} ${thrown.hint}`, words);
      return true;
    },
  );
}

test(
  'on a file system of this machine everything lies together',
  setup(ext4, 'ext4 /dev/vda rw', ({ state, facts }) => {
    assert.equal(placeLiveDatabase(state, facts), join(state, 'state'));
  }),
);

test(
  'on NFS the live database lies on this machine, always in the same place',
  setup(nfs, 'nfs4 server:/export rw,vers=4.2,local_lock=none', ({ state, facts }) => {
    const place = placeLiveDatabase(state, facts);
    assert.ok(place.startsWith(`${facts.localDirectory}/openclaw-`));
    assert.ok(existsSync(place));
    assert.equal(placeLiveDatabase(state, facts), place);
  }),
);

test(
  'where the live database lies elsewhere and is lost, it is built anew',
  setup(nfs, 'nfs4 server:/export rw', async ({ state, facts }) => {
    const open = () => openSqlite({ paths: storePaths(state, placeLiveDatabase(state, facts)), clock: systemClock });
    const first = await open();
    await first.write({ statements: [], changes: [{ topic: 'topic', key: 'key' }] });
    await first.close();
    assert.equal(existsSync(join(state, 'openclaw.sqlite')), false);
    rmSync(placeLiveDatabase(state, facts), { recursive: true });
    const second = await open();
    assert.equal(second.recovery.outcome, 'rebuilt');
    assert.equal((await second.changes(0, 10)).length, 1);
    await second.close();
  }),
);

for (const options of ['rw,nolock', 'rw,local_lock=all,vers=3', 'rw,vers=3,local_lock=posix']) {
  test(
    `NFS mounted ${options} is refused: two machines could hold the lock`,
    setup(nfs, `nfs server:/export ${options}`, (given) => {
      refuses(given, /locks hold on one machine only.*without nolock/);
    }),
  );
}

test(
  'an SMB share without byte-range locks is refused',
  setup(0xff534d42, 'cifs //server/share rw,nobrl', (given) => refuses(given, /lies on cifs/)),
);

test('an object store behind FUSE is refused, another FUSE is not', async () => {
  await setup(0x65735546, 'fuse.s3fs s3fs rw', (given) => refuses(given, /lies on fuse.s3fs.*no promise/))();
  await setup(0x65735546, 'fuse.grpcfuse grpcfuse rw', ({ state, facts }) => {
    assert.ok(placeLiveDatabase(state, facts));
  })();
});

test('a temporary directory that is remote too, or that somebody else prepared, is refused', async () => {
  await setup(nfs, 'nfs4 server:/export rw', ({ state, facts }) =>
    refuses({ state, facts: { ...facts, localDirectory: state } }, /not a directory of this machine either.*TMPDIR/),
  )();
  await setup(nfs, 'nfs4 server:/export rw', ({ state, facts }) => {
    chmodSync(placeLiveDatabase(state, facts), 0o777);
    refuses({ state, facts }, /somebody else made it/);
  })();
});

test('the mount of a path is the nearest above it, and the last of those on one point', () => {
  const mountInfo = [
    '20 1 254:0 / / rw - ext4 /dev/vda rw',
    '21 20 0:30 / /data rw - nfs server:/a rw,nolock',
    '22 20 0:31 / /data\\040two rw shared:1 - cifs //server/b rw',
    '23 20 0:32 / /data rw - tmpfs tmpfs rw,size=1k',
  ].join('\n');
  const typeOf = (path: string): string | undefined => findMount(path, mountInfo)?.type;
  assert.deepEqual(['/', '/data', '/data/x', '/data two/x', '/database'].map(typeOf), ['ext4', 'tmpfs', 'tmpfs', 'cifs', 'ext4']);
  assert.equal(findMount('/x', ''), undefined);
});
