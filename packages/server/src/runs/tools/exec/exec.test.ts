import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import { createLog } from '../../../core/log.ts';
import { outputLimitCharacters } from '../contract.ts';
import { ownGroups } from '../../../core/processes/control-group.ts';
import { ownerDigest } from '../../../core/processes/mark.ts';
import { createWorkspace, perform, type CallOptions } from '../tool.fixture.ts';
import { createExecTool, type ExecOptions } from './exec.ts';

const log = createLog({ destinations: [], clock: systemClock });
const isLinux = process.platform === 'linux';

function exec(workspace: string, command: string, more: Partial<ExecOptions> & Partial<CallOptions> & { timeLimitMs?: number } = {}) {
  const tool = createExecTool({ clock: systemClock, log, ...more, bounds: { graceMs: 200, ...more.bounds } });
  return perform(tool, {
    ...more,
    workspace,
    args: { command, ...(more.timeLimitMs === undefined ? {} : { timeLimitMs: more.timeLimitMs }) },
  });
}

/** Processes of any user whose command line has this in it. */
function livingWith(text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Number(pid) !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

test('what a command prints and how it ends is told', async () => {
  using workspace = createWorkspace();
  assert.deepEqual(await exec(workspace.path, 'echo out; pwd'), { isError: false, text: `out\n${workspace.path}\n` });
  assert.deepEqual(await exec(workspace.path, 'echo wrong >&2; exit 3'), { isError: true, text: 'wrong\n[Exit code 3.]' });
  assert.deepEqual(await exec(workspace.path, 'true'), { isError: false, text: '[Exit code 0.]' });
  assert.deepEqual(await exec(workspace.path, 'kill -9 $$'), { isError: true, text: '[Ended by SIGKILL.]' });
  assert.match((await exec(workspace.path, 'no-such-program')).text, /not found\n\[Exit code 127\.\]/);
  assert.deepEqual(await exec(join(workspace.path, 'gone'), 'true').then(({ isError }) => isError), true);
});

test("its environment has nothing of the gateway's", async () => {
  using workspace = createWorkspace();
  process.env['OPENCLAW_TEST_SECRET'] = 'hidden';
  const { text } = await exec(workspace.path, 'env | cut -d= -f1 | sort | tr "\\n" " "; echo $HOME');
  delete process.env['OPENCLAW_TEST_SECRET'];
  assert.equal(text, `HOME LANG OPENCLAW_PROGRAM PATH PWD ${workspace.path}\n`);
});

test('watchers see the output as it comes', async () => {
  using workspace = createWorkspace();
  const seen = Promise.withResolvers<string>();
  const running = exec(workspace.path, 'echo first; while [ ! -e go ]; do sleep 0.02; done; echo second', { onOutput: seen.resolve });
  assert.equal(await seen.promise, 'first\n');
  writeFileSync(join(workspace.path, 'go'), '');
  assert.equal((await running).text, 'first\nsecond\n');
});

for (const usesControlGroup of [true, false]) {
  describe(usesControlGroup ? 'with what the kernel offers' : 'with a walk over the processes alone', { skip: !isLinux }, () => {
    const run = (workspace: string, command: string, more: Parameters<typeof exec>[2] = {}) =>
      exec(workspace, command, { ...more, usesControlGroup });

    test('a command that hangs is ended in time, with what has left its group and session, and with who ignores SIGTERM', async () => {
      using workspace = createWorkspace();
      const name = `${workspace.path}/loop`;
      writeFileSync(name, 'trap "" TERM HUP INT\nwhile :; do sleep 0.1; done');
      const command = `setsid sh ${name} >/dev/null 2>&1 & (setsid setsid sh ${name} & ) ; sh ${name}`;
      const { isError, text } = await run(workspace.path, command, { timeLimitMs: 600 });
      assert.equal(isError, true);
      assert.match(text, /\[It was ended after 0\.6 s, with everything that it had started\.\]$/);
      assert.deepEqual(livingWith(name), []);
    });

    test('what a command leaves running in the background is ended with it', async () => {
      using workspace = createWorkspace();
      const name = `${workspace.path}/behind`;
      writeFileSync(name, 'while :; do sleep 0.1; done');
      const { isError, text } = await run(workspace.path, `setsid sh ${name} & echo done`);
      assert.deepEqual([isError, text], [false, 'done\n']);
      assert.deepEqual(livingWith(name), []);
    });

    test('a command that is asked to end may clean up first', async () => {
      using workspace = createWorkspace();
      const stop = new AbortController();
      const result = await run(workspace.path, 'trap "echo tidy; exit 0" TERM; echo ready; while :; do sleep 0.02; done', {
        signal: stop.signal,
        onOutput: (text) => text.includes('ready') && stop.abort(),
        bounds: { graceMs: 5000 },
      });
      assert.match(result.text, /^ready\n(Terminated\n)?tidy\n\[It was stopped before its end/);
      assert.equal(result.isOutcomeUnknown, true);
    });

    // Without a group nothing of the system holds root: the bomb would fill the process table of the machine before anybody looks.
    const mayBomb = usesControlGroup || process.getuid?.() !== 0;
    test('a fork bomb is bounded, and ended', { skip: !mayBomb && 'root needs a control group for it' }, async () => {
      using workspace = createWorkspace();
      const name = `${workspace.path}/bomb`;
      // Where nothing but a look now and then bounds them, they get a little time between two.
      const pause = usesControlGroup ? '' : 'sleep 0.02;';
      writeFileSync(name, `${pause} sh ${name} & ${pause} sh ${name} & wait`);
      let most = 0;
      const counting = setInterval(() => (most = Math.max(most, livingWith(name).length)), 50);
      const { isError, text } = await run(workspace.path, `sh ${name}; exit 1`, {
        timeLimitMs: 3000,
        bounds: { processes: 30, graceMs: 100 },
      });
      clearInterval(counting);
      assert.equal(isError, true);
      assert.deepEqual(livingWith(name), []);
      if (usesControlGroup) assert.ok(most <= 31, `${most} at once`);
      else assert.match(text, /more than 30 processes at once/);
    });

    test('a command that takes too much memory is ended, also where each of its processes takes little', async () => {
      using workspace = createWorkspace();
      const hog = (mebibytes: number) =>
        `${process.execPath} -e "const a=[];setInterval(()=>a.length<${mebibytes}&&a.push(Buffer.alloc(2**20,1)),1)"`;
      const bounds = { memoryBytes: 300 * 1024 ** 2, graceMs: 100 };
      const one = await run(workspace.path, hog(10_000), { bounds, timeLimitMs: 30_000 });
      assert.equal(one.isError, true);
      assert.doesNotMatch(one.text, /after 30 s/);
      const many = await run(workspace.path, `${hog(120)} & ${hog(120)} & ${hog(120)} & wait`, { bounds, timeLimitMs: 30_000 });
      assert.match(many.text, /more than 300 MiB of memory/);
    });
  });
}

test('a gigabyte of output ends well, and its beginning and end are kept', async () => {
  using workspace = createWorkspace();
  const before = process.memoryUsage.rss();
  const { isError, text } = await exec(workspace.path, 'echo begin; head -c 1073741824 /dev/zero | tr "\\0" x; echo; echo end');
  assert.equal(isError, false);
  assert.ok(text.length <= outputLimitCharacters);
  assert.match(text, /^begin\nx+\n\[… 10736\d{5} characters are left out here …\]\nx+\nend\n$/);
  assert.ok(process.memoryUsage.rss() - before < 200 * 1024 ** 2, 'it was held in memory');
});

test('no file that a command writes gets larger than its bound', async () => {
  using workspace = createWorkspace();
  const { isError } = await exec(workspace.path, 'head -c 10000000 /dev/zero > large', { bounds: { fileBytes: 1024 * 1024 } });
  assert.equal(isError, true);
  assert.equal(statSync(join(workspace.path, 'large')).size, 1024 * 1024);
});

test('no more commands run at once than are allowed, and who waits can be stopped', async () => {
  using workspace = createWorkspace();
  const tool = createExecTool({ clock: systemClock, log, atOnce: 1 });
  const first = perform(tool, { workspace: workspace.path, args: { command: 'while [ ! -e go ]; do sleep 0.02; done; echo x >> order' } });
  const stop = new AbortController();
  const waiting = perform(tool, { workspace: workspace.path, args: { command: 'touch ran' }, signal: stop.signal });
  stop.abort();
  assert.match((await waiting).text, /was not run/);
  writeFileSync(join(workspace.path, 'go'), '');
  await first;
  assert.ok(!existsSync(join(workspace.path, 'ran')));
  assert.equal((await perform(tool, { workspace: workspace.path, args: { command: 'cat order' } })).text, 'x\n');
});

test('people who are asked are told that there is no sandbox', () => {
  assert.match(createExecTool({ clock: systemClock, log }).caution ?? '', /without a sandbox/);
});

test('no control group is left behind', { skip: !isLinux }, async () => {
  using workspace = createWorkspace();
  await exec(workspace.path, 'sleep 0.1 & sleep 0.1', { owner: workspace.path });
  const groups = (await ownGroups()).flatMap((directory) => readdirSync(directory));
  assert.deepEqual(
    groups.filter((name) => name.includes(ownerDigest(workspace.path))),
    [],
  );
});
