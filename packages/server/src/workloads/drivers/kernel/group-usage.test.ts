import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGroupUsage, readMembers, readOutOfMemoryKills, readThreads } from './group-usage.ts';

type Tree = Readonly<Record<string, string>>;
const readerOf = (tree: Tree) => (path: string) => tree[path];

const pids = '/sys/fs/cgroup/pids/unit';
const memory = '/sys/fs/cgroup/memory/unit';
const cpuacct = '/sys/fs/cgroup/cpuacct/unit';

/** Recorded on Linux 6.18 with version 1: a shell and a child in a group of 150 MB, after one process of it was ended for its memory. */
const version1: Tree = {
  [`${memory}/memory.usage_in_bytes`]: '521216\n',
  [`${memory}/memory.max_usage_in_bytes`]: '149999616\n',
  [`${memory}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
  [`${memory}/memory.stat`]: [
    'cache 4096\nrss 208896\nrss_huge 0\nshmem 0\nmapped_file 0\nswap 0\npgmajfault 3\ninactive_file 4096\nactive_file 0',
    'hierarchical_memory_limit 149999616\nhierarchical_memsw_limit 9223372036854771712',
    'total_cache 61440\ntotal_rss 208896\ntotal_shmem 20480\ntotal_mapped_file 8192\ntotal_swap 4096\ntotal_pgmajfault 3\ntotal_inactive_file 24576\n',
  ].join('\n'),
  [`${memory}/cgroup.procs`]: '11165\n11240\n',
  [`${cpuacct}/cpuacct.usage`]: '16232177\n',
  [`${pids}/pids.current`]: '2\n',
};

/**
 * Version 2, after the kernel's documentation (Documentation/admin-guide/cgroup-v2.rst): all names and forms are from there. It was not recorded:
 * on the machines at hand the memory controller is of version 1.
 */
const unified = '/sys/fs/cgroup/openclaw.service/unit';
const version2: Tree = {
  [`${unified}/memory.current`]: '314572800\n',
  [`${unified}/memory.peak`]: '419430400\n',
  [`${unified}/memory.max`]: '536870912\n',
  [`${unified}/memory.swap.current`]: '8192\n',
  [`${unified}/memory.events`]: 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n',
  [`${unified}/memory.pressure`]:
    'some avg10=12.50 avg60=3.10 avg300=0.70 total=146790\nfull avg10=4.25 avg60=1.00 avg300=0.20 total=26741\n',
  [`${unified}/memory.stat`]:
    'anon 209715200\nfile 83886080\nkernel 12582912\nkernel_stack 163840\nshmem 20971520\nfile_mapped 31457280\ninactive_file 41943040\nactive_file 20971520\npgfault 9000\npgmajfault 17\n',
  [`${unified}/cpu.stat`]: 'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n',
  [`${unified}/pids.current`]: '9\n',
  [`${unified}/cgroup.procs`]: '41\n42\n43\n',
};

test('version 1: the sums of the group and all below it, a limit where there is one, and what each tree knows', () => {
  assert.deepEqual(readGroupUsage({ memory, cpuacct, pids }, readerOf(version1)), {
    usageBytes: 521216,
    anonymousBytes: 208896,
    fileBytes: 61440 - 20480,
    inactiveFileBytes: 24576,
    sharedBytes: 20480,
    mappedBytes: 8192,
    swapBytes: 4096,
    majorFaults: 3,
    peakBytes: 149999616,
    limitBytes: 149999616,
    cpuSeconds: 0.016232177,
    pids: [11165, 11240],
  });
});

test('version 2: the same figures from one directory, and the pressure', () => {
  assert.deepEqual(readGroupUsage({ unified }, readerOf(version2)), {
    usageBytes: 314572800,
    anonymousBytes: 209715200,
    fileBytes: 62914560,
    inactiveFileBytes: 41943040,
    sharedBytes: 20971520,
    mappedBytes: 31457280,
    swapBytes: 8192,
    majorFaults: 17,
    peakBytes: 419430400,
    limitBytes: 536870912,
    psi: { some: 12.5, full: 4.25 },
    cpuSeconds: 2.5,
    pids: [41, 42, 43],
  });
});

test('kills for memory and threads are told by files of their own', () => {
  assert.equal(readOutOfMemoryKills({ memory }, readerOf(version1)), 1);
  assert.equal(readOutOfMemoryKills({ unified }, readerOf(version2)), 2);
  assert.equal(readThreads({ memory, pids }, readerOf(version1)), 2);
  assert.equal(readThreads({ unified }, readerOf(version2)), 9);
});

test('a group without a limit has none: version 1 names a number that no machine has, version 2 says max', () => {
  const stat = version1[`${memory}/memory.stat`]!.replace(
    'hierarchical_memory_limit 149999616',
    'hierarchical_memory_limit 9223372036854771712',
  );
  assert.equal(readGroupUsage({ memory }, readerOf({ ...version1, [`${memory}/memory.stat`]: stat }))?.limitBytes, undefined);
  assert.equal(readGroupUsage({ unified }, readerOf({ ...version2, [`${unified}/memory.max`]: 'max\n' }))?.limitBytes, undefined);
});

test('an older kernel has no peak and no pressure: the most is then what is used now', () => {
  const { [`${unified}/memory.peak`]: _peak, [`${unified}/memory.pressure`]: _pressure, ...older } = version2;
  const usage = readGroupUsage({ unified }, readerOf(older));
  assert.equal(usage?.peakBytes, 314572800);
  assert.equal(usage?.psi, undefined);
});

test('where version 2 is mounted beside version 1, the controllers are those of version 1', () => {
  const directories = { unified, memory, pids };
  assert.equal(readGroupUsage(directories, readerOf({ ...version2, ...version1 }))?.usageBytes, 521216);
  assert.equal(readOutOfMemoryKills(directories, readerOf({ ...version2, ...version1 })), 1);
  assert.deepEqual(readMembers(directories, readerOf({ ...version2, ...version1 })), [11165, 11240]);
});

test('of a group that is gone, or that does not count memory, nothing is known', () => {
  assert.equal(readGroupUsage({ memory }, readerOf({})), undefined);
  assert.equal(readGroupUsage({ unified }, readerOf({ [`${unified}/cgroup.procs`]: '1\n' })), undefined);
  assert.equal(readGroupUsage({ pids }, readerOf(version1)), undefined);
  assert.equal(readOutOfMemoryKills({ pids }, readerOf(version1)), undefined);
});
