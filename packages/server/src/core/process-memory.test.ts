import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createGarbageCollector, createMemoryReader, findMemoryGroups, readGroup, type ReadText } from './process-memory.ts';

const mib = 2 ** 20;
const none = '9223372036854771712';

type Tree = Readonly<Record<string, string>>;

const readerOf =
  (tree: Tree): ReadText =>
  (path) =>
    tree[path];

/** Directory, use and limit in MiB of each group with a limit. */
function found(tree: Tree): (string | number)[][] {
  const readText = readerOf(tree);
  return findMemoryGroups(readText).flatMap((group) =>
    readGroup(group, readText).map(({ usedBytes, limitBytes }) => [group.directory, usedBytes / mib, limitBytes / mib]),
  );
}

/** Recorded on Debian 12 with version 1: a process in a group without a limit below one of 512 MiB, after 19 MiB of a file were read. */
const recordedVersion1: Tree = {
  '/proc/self/cgroup': '9:name=systemd:/\n8:pids:/\n4:memory:/openclaw-recording/inner\n1:cpu:/\n0::/\n',
  '/proc/self/mountinfo': [
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
    '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ].join('\n'),
  '/sys/fs/cgroup/memory/openclaw-recording/inner/memory.limit_in_bytes': `${none}\n`,
  '/sys/fs/cgroup/memory/openclaw-recording/inner/memory.usage_in_bytes': '21348352\n',
  '/sys/fs/cgroup/memory/openclaw-recording/memory.limit_in_bytes': '536870912\n',
  '/sys/fs/cgroup/memory/openclaw-recording/memory.usage_in_bytes': '21348352\n',
  '/sys/fs/cgroup/memory/openclaw-recording/memory.stat':
    'cache 0\nrss 0\ninactive_file 0\nactive_file 0\nhierarchical_memory_limit 536870912\ntotal_cache 20000768\ntotal_rss 135168\ntotal_inactive_file 20000768\ntotal_active_file 0\n',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${none}\n`,
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': '900000000\n',
};

/** What follows is made after the kernel's documentation of both versions and the mounts of container runtimes; no such machine was at hand. */
const stat2 = (inactive: number, active: number, slab: number): string =>
  `anon 1\nfile 2\ninactive_file ${inactive * mib}\nactive_file ${active * mib}\nslab_reclaimable ${slab * mib}\n`;

/** Docker with version 1: the container sees the group of the host by its path, mounted as the root. */
const dockerVersion1: Tree = {
  '/proc/self/cgroup': '11:memory:/docker/0a1b\n1:name=systemd:/docker/0a1b\n',
  '/proc/self/mountinfo': '700 690 0:32 /docker/0a1b /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': String(256 * mib),
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': String(200 * mib),
  '/sys/fs/cgroup/memory/memory.stat': `total_inactive_file ${60 * mib}\ntotal_active_file ${20 * mib}\n`,
};

/** A container with version 2 and a namespace of its own. */
const containerVersion2: Tree = {
  '/proc/self/cgroup': '0::/\n',
  '/proc/self/mountinfo': '700 690 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate',
  '/sys/fs/cgroup/memory.max': `${512 * mib}\n`,
  '/sys/fs/cgroup/memory.current': `${300 * mib}\n`,
  '/sys/fs/cgroup/memory.stat': stat2(100, 40, 10),
};

/** A unit of systemd: its slice has a limit too. The root of the hierarchy has neither file. */
const systemdVersion2: Tree = {
  '/proc/self/cgroup': '0::/user.slice/app.slice/openclaw.service\n',
  '/proc/self/mountinfo': '31 23 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot',
  '/sys/fs/cgroup/user.slice/app.slice/openclaw.service/memory.max': `${1024 * mib}\n`,
  '/sys/fs/cgroup/user.slice/app.slice/openclaw.service/memory.current': `${100 * mib}\n`,
  '/sys/fs/cgroup/user.slice/app.slice/memory.max': 'max\n',
  '/sys/fs/cgroup/user.slice/app.slice/memory.current': `${200 * mib}\n`,
  '/sys/fs/cgroup/user.slice/memory.max': `${768 * mib}\n`,
  '/sys/fs/cgroup/user.slice/memory.current': `${700 * mib}\n`,
  '/sys/fs/cgroup/user.slice/memory.stat': stat2(50, 0, 0),
};

describe('control groups', () => {
  test('version 1: the limit of a group above counts, and caches of files do not', () => {
    assert.deepEqual(found(recordedVersion1), [['/sys/fs/cgroup/memory/openclaw-recording', (21348352 - 20000768) / mib, 512]]);
    assert.deepEqual(found(dockerVersion1), [['/sys/fs/cgroup/memory', 120, 256]]);
  });

  test('version 2: its own limit, and those above it', () => {
    assert.deepEqual(found(containerVersion2), [['/sys/fs/cgroup', 150, 512]]);
    assert.deepEqual(found(systemdVersion2), [
      ['/sys/fs/cgroup/user.slice/app.slice/openclaw.service', 100, 1024],
      ['/sys/fs/cgroup/user.slice', 650, 768],
    ]);
  });

  test('no limit, no groups and nonsense are no limit', () => {
    const group = '/sys/fs/cgroup';
    assert.deepEqual(found({ ...containerVersion2, [`${group}/memory.max`]: 'max\n' }), []);
    assert.deepEqual(found({ ...containerVersion2, [`${group}/memory.max`]: 'lots' }), []);
    assert.deepEqual(found({ ...containerVersion2, [`${group}/memory.current`]: '' }), []);
    assert.deepEqual(found({ ...containerVersion2, '/proc/self/cgroup': '' }), []);
    assert.deepEqual(found({ '/proc/self/cgroup': 'garbage', '/proc/self/mountinfo': 'garbage' }), []);
    assert.deepEqual(found({}), []);
  });

  test('a path outside of what is mounted, or one that climbs, ends at the mount', () => {
    assert.deepEqual(found({ ...dockerVersion1, '/proc/self/cgroup': '11:memory:/elsewhere\n' }), [['/sys/fs/cgroup/memory', 120, 256]]);
    assert.deepEqual(found({ ...containerVersion2, '/proc/self/cgroup': '0::/../..\n' }), [['/sys/fs/cgroup', 150, 512]]);
  });
});

describe('the reading', () => {
  test('is the one nearest to its limit, and sees a limit that is changed', () => {
    const tree: Record<string, string> = { ...systemdVersion2 };
    const read = createMemoryReader(readerOf(tree));
    assert.deepEqual(read(), { of: 'container', usedBytes: 650 * mib, limitBytes: 768 * mib });
    tree['/sys/fs/cgroup/user.slice/memory.max'] = 'max';
    tree['/sys/fs/cgroup/user.slice/app.slice/openclaw.service/memory.max'] = String(101 * mib);
    assert.deepEqual(read(), { of: 'container', usedBytes: 100 * mib, limitBytes: 101 * mib });
  });

  test('a machine that others have filled counts, however little of it is ours', () => {
    const { of, usedBytes, limitBytes } = createMemoryReader(
      readerOf({ '/proc/meminfo': 'MemTotal: 99 kB\nMemAvailable:    1024 kB\n' }),
    )();
    assert.equal(of, 'machine');
    assert.equal(limitBytes - usedBytes, mib);
  });

  test('where nothing else is known it is the heap of the engine', () => {
    const { of, usedBytes, limitBytes } = createMemoryReader(() => undefined)();
    assert.equal(of, 'heap');
    assert.ok(usedBytes > mib && usedBytes < limitBytes);
  });

  test('in a real group with a limit it is what the kernel counts', (t) => {
    const group = `/sys/fs/cgroup/memory/openclaw-reader-${process.pid}`;
    try {
      if (!existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')) throw new Error('version 1 is not mounted');
      mkdirSync(group);
    } catch (thrown) {
      t.skip(`no group can be made: ${(thrown as Error).message}`);
      return;
    }
    try {
      writeFileSync(`${group}/memory.limit_in_bytes`, String(300 * mib));
      const module = JSON.stringify(new URL('./process-memory.ts', import.meta.url).href);
      const program = `
        import { createMemoryReader } from ${module};
        const held = Buffer.alloc(120 * 2 ** 20, 1);
        const reading = createMemoryReader()();
        console.log(JSON.stringify({ ...reading, held: held.length }));`;
      const command = `echo $$ > ${group}/cgroup.procs; exec "$0" --input-type=module -e "$1"`;
      const { of, usedBytes, limitBytes } = JSON.parse(
        execFileSync('sh', ['-c', command, process.execPath, program], { encoding: 'utf8' }),
      ) as {
        of: string;
        usedBytes: number;
        limitBytes: number;
      };
      assert.deepEqual([of, limitBytes], ['container', 300 * mib]);
      assert.ok(usedBytes > 120 * mib && usedBytes < 220 * mib, `${usedBytes / mib} MiB`);
    } finally {
      rmdirSync(group);
    }
  });
});

test('garbage is collected on demand', () => {
  const collect = createGarbageCollector();
  collect();
  const before = process.memoryUsage().heapUsed;
  let waste: unknown[] | undefined = Array.from({ length: 300_000 }, (_, index) => ({ index }));
  const full = process.memoryUsage().heapUsed;
  assert.ok(waste.length === 300_000 && full > before + 5 * mib);
  waste = undefined;
  collect();
  assert.ok(process.memoryUsage().heapUsed < full - 5 * mib);
});
