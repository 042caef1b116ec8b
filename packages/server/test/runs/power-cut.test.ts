/**
 * What a power cut leaves of a state directory, and a copy that is taken while it is written: files of different moments, and of the newest
 * segment any part beyond what was synced. A gateway opens it, has everything that somebody was told, and its runs go on under the rules of effects.
 *
 * What was synced is known from outside: what somebody was told, or what was done to the world, was written down before.
 */
import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { OpenClaw } from '@openclaw/client';
import { freePort, until } from '../complaints/operator.ts';
import type { Program } from '../harness/program.ts';
import { createGatewayScene, type FollowedRun, type GatewayScene } from './gateway-scene.ts';

/** Where the journal ended when something had last shown that it was durable. */
interface Shown {
  readonly segment: string;
  readonly bytes: number;
}

const segments = (stateDirectory: string): string[] => globSync('state/journal/*.log', { cwd: stateDirectory }).sort();

function endOf(stateDirectory: string): Shown | undefined {
  const segment = segments(stateDirectory).at(-1);
  return segment === undefined ? undefined : { segment, bytes: statSync(join(stateDirectory, segment)).size };
}

/** File by file in any order; what is removed meanwhile is left out, as whoever copies does. */
function copyFiles(from: string, to: string): void {
  const files = globSync('**/*', { cwd: from, withFileTypes: true }).filter((each) => each.isFile());
  const shuffled = files.map((file) => ({ file, place: Math.random() })).sort((one, other) => one.place - other.place);
  for (const { file } of shuffled) {
    const path = join(file.parentPath, file.name);
    const target = join(to, path.slice(from.length));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    if (statSync(path, { throwIfNoEntry: false })) cpSync(path, target);
  }
}

/** Of what was written and not synced the disk has a part, or room without content. */
function loseTail(stateDirectory: string, { segment, bytes }: Shown): void {
  const newest = segments(stateDirectory).at(-1) ?? segment;
  const path = join(stateDirectory, newest);
  const { size } = statSync(path);
  const least = newest === segment ? Math.min(bytes, size) : 0;
  const keptBytes = least + Math.floor(Math.random() * (size - least + 1));
  truncateSync(path, keptBytes);
  if (Math.random() < 0.5) truncateSync(path, keptBytes + Math.floor(Math.random() * 5000));
}

function stopped({ child }: Program): boolean {
  return readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T ');
}

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc', timeout: 180_000 };

const seenBy = (runs: readonly FollowedRun[]): number => runs.reduce((sum, { seen }) => sum + seen.length, 0);

test('after power cuts at random moments nothing is lost that anybody was told, and every run goes on to its end', onLinux, async () => {
  let shown: Shown | undefined;
  let stateDirectory: string | undefined;
  await using scene: GatewayScene = await createGatewayScene({
    onShown: () => (shown = stateDirectory === undefined ? undefined : endOf(stateDirectory)),
  });
  const copies = mkdtempSync(join(tmpdir(), 'openclaw-power-'));
  try {
    stateDirectory = scene.stateDirectory;
    let gateway = await scene.start();
    await gateway.ready();
    const runs = await Promise.all(['one', 'two', 'three'].map((name) => scene.begin(name)));
    for (let cut = 1; cut <= 4; cut += 1) {
      const enough = seenBy(runs) + 5 + Math.floor(Math.random() * 30);
      await until('they have gone on', () => seenBy(runs) >= enough || runs.every(({ seen }) => seen.at(-1)?.kind === 'run.finished'));
      const after = join(copies, String(cut));
      // Files are of different moments, the journal's of the last one.
      copyFiles(stateDirectory, after);
      gateway.child.kill('SIGSTOP');
      await until('it stands still', () => stopped(gateway));
      for (const segment of segments(stateDirectory)) cpSync(join(stateDirectory, segment), join(after, segment));
      gateway.child.kill('SIGKILL');
      await gateway.exited();
      await scene.outside.quiet();
      assert.ok(shown);
      loseTail(after, shown);
      stateDirectory = after;
      gateway = await scene.start({ stateDirectory });
      await gateway.ready();
      assert.match(gateway.stderr(), /the database was rebuilt/);
      for (const { id, seen } of runs) assert.ok((await scene.client.runs.get(id)).lastSeq >= seen.length, 'what was told is there');
    }
    await Promise.all(runs.map(({ ended }) => ended));
    for (const run of runs) await scene.check(run);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
});

test('a copy that is taken while runs are written has all that was told before it, and its runs go on', onLinux, async () => {
  let shown: Shown | undefined;
  let stateDirectory: string | undefined;
  await using scene = await createGatewayScene({
    onShown: () => (shown = stateDirectory === undefined ? undefined : endOf(stateDirectory)),
  });
  stateDirectory = scene.stateDirectory;
  const copies = mkdtempSync(join(tmpdir(), 'openclaw-copy-'));
  try {
    await (await scene.start()).ready();
    // Both go on with them, so they do nothing that must not be done twice.
    const runs = await Promise.all(['one', 'two', 'three', 'four'].map((name) => scene.begin(name, ['look'])));
    await until('they are under way', () => runs.every(({ seen }) => seen.length > 8));
    const told = new Map(runs.map(({ id, seen }) => [id, [...seen]]));
    const before = shown;
    assert.ok(before);
    const copy = join(copies, basename(stateDirectory));
    copyFiles(stateDirectory, copy);
    loseTail(copy, before);
    const port = await freePort();
    await (await scene.start({ stateDirectory: copy, env: { OPENCLAW_GATEWAY_PORT: port } })).ready();
    await using other = new OpenClaw({ baseURL: `http://127.0.0.1:${port}`, token: scene.token });
    for (const [id, events] of told) {
      const all = [];
      for await (const event of other.runs.events(id)) all.push(event);
      assert.deepEqual(all.slice(0, events.length), events);
      assert.equal(all.at(-1)?.kind, 'run.finished');
    }
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
});
