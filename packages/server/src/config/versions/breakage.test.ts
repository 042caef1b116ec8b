/**
 * Every way in which a configuration breaks, at the start and while running, in a hundred random edits.
 *
 * What operators of the existing gateway met: a file that was wiped or truncated (openclaw/openclaw#12857, #64419), thousands of restarts over one
 * invalid file (#25595), restart storms after an edit (#76275, #72323).
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { OpenClawError } from '../../core/errors.ts';
import type { ConfigurationKeeper } from './contract.ts';
import { createKeptFolder, createLoggedLines, statusOf, type KeptFolder } from './keeper.fixture.ts';

/** A good configuration of each port, put together from everything that can break. */
function writeGood(folder: KeptFolder, port: number): void {
  rmSync(folder.file, { recursive: true, force: true });
  folder.write('.env', 'SOME_KEY=from-dot-env\n');
  folder.write('provider-key', 'from-its-file\n');
  folder.write(
    'models.json5',
    "{ providers: { a: { baseUrl: 'http://127.0.0.1:1/v1', api: 'ollama', apiKey: { $secret: { file: 'provider-key' } } } } }",
  );
  folder.write(
    'openclaw.json',
    `{\n  gateway: { port: ${port}, auth: { token: '\${SOME_KEY}' } },\n  models: { $include: 'models.json5' },\n}\n`,
  );
}

const breakages: Readonly<Record<string, (folder: KeptFolder) => void>> = {
  syntax: (folder) => void folder.write('openclaw.json', '{ gateway: { port: 1, } ]'),
  'unknown key': (folder) => void folder.write('openclaw.json', '{ gateway: { prt: 1 } }'),
  'wrong value': (folder) => void folder.write('openclaw.json', "{ gateway: { port: 'high' } }"),
  'missing variable': (folder) => void folder.write('openclaw.json', "{ gateway: { auth: { token: '${NOT_SET_ANYWHERE}' } } }"),
  'variable that went': (folder) => rmSync(join(folder.path, '.env'), { force: true }),
  'missing include': (folder) => rmSync(join(folder.path, 'models.json5'), { force: true }),
  'bad include': (folder) => void folder.write('models.json5', '{ providers: '),
  'bad secret reference': (folder) => rmSync(join(folder.path, 'provider-key'), { force: true }),
  removed: (folder) => rmSync(folder.file, { force: true, recursive: true }),
  unreadable(folder) {
    // A folder, and a link to nowhere, are unreadable for root too.
    rmSync(folder.file, { force: true, recursive: true });
    mkdirSync(folder.file);
  },
  'link to nowhere'(folder) {
    rmSync(folder.file, { force: true, recursive: true });
    symlinkSync('nowhere/openclaw.json', folder.file);
  },
  'half-written': (folder) => writeFileSync(folder.file, '{\n  gateway: { port: 2'),
  emptied: (folder) => writeFileSync(folder.file, ''),
  'not text': (folder) => writeFileSync(folder.file, Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  'forbidden name': (folder) => void folder.write('openclaw.json', '{ "__proto__": {} }'),
  'open door': (folder) => void folder.write('openclaw.json', "{ gateway: { bind: 'lan', auth: { mode: 'none' } } }"),
};

function breakIn(folder: KeptFolder, how: string): void {
  if (touchesMain(how)) rmSync(folder.file, { recursive: true, force: true });
  breakages[how]?.(folder);
}

/** What `writeGood` puts back is in the way of nothing that a breakage left. */
function mend(folder: KeptFolder, port: number): void {
  rmSync(folder.file, { recursive: true, force: true });
  writeGood(folder, port);
}

type Step =
  | { readonly kind: 'break'; readonly how: string; readonly restart: boolean }
  | { readonly kind: 'mend'; readonly restart: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('break' as const), how: fc.constantFrom(...Object.keys(breakages)), restart: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mend' as const), restart: fc.boolean() }) },
);

const portOf = (keeper: ConfigurationKeeper): number | undefined => keeper.current?.settings.gateway.port;

/** Every kind of breakage is there at least once, on top of the random ones. */
const everyBreakage: readonly Step[] = Object.keys(breakages).flatMap((how): Step[] => [
  { kind: 'break', how, restart: false },
  { kind: 'mend', restart: false },
  { kind: 'break', how, restart: true },
  { kind: 'mend', restart: true },
]);

for (const seed of [1, 2, 3]) {
  test(`in a hundred random edits nothing throws, what was good last is in force, and a mended file is taken up (seed ${seed})`, async (t) => {
    const folder = createKeptFolder(t);
    const steps = [...everyBreakage, ...fc.sample(step, { seed, numRuns: 100 })];
    let port = 1000;
    writeGood(folder, port);
    let keeper = await folder.open();
    let [isOpenDoor, isRescued] = [false, false];
    for (const [index, { kind, restart, ...one }] of steps.entries()) {
      const title = `${index}: ${kind} ${'how' in one ? String(one.how) : ''} ${restart ? 'at the start' : 'while running'}`;
      if (kind === 'mend') mend(folder, ++port);
      else breakIn(folder, String('how' in one ? one.how : ''));
      isOpenDoor = kind === 'break' && 'how' in one && (one.how === 'open door' || (isOpenDoor && !touchesMain(String(one.how))));
      if (restart && !isOpenDoor) {
        await keeper.close();
        keeper = await folder.open();
      } else {
        await keeper.look();
      }
      const { state, problem } = keeper.status;
      if (kind === 'mend') isRescued = false;
      // The last good texts have everything but what variables and files of secrets hold.
      else if (restart && !isOpenDoor) isRescued = ['.env', 'provider-key'].some((name) => !existsSync(join(folder.path, name)));
      assert.equal(portOf(keeper), isRescued ? undefined : port, title);
      assert.equal(state === 'rescue', isRescued, title);
      if (kind === 'mend') assert.deepEqual([state, problem], ['current', undefined], title);
      else assert.ok(state !== 'current' && problem instanceof OpenClawError, title);
    }
  });
}

/** Whether a breakage writes the configuration itself, so that what stood there is gone. */
function touchesMain(how: string): boolean {
  return !['variable that went', 'missing include', 'bad include', 'bad secret reference'].includes(how);
}

test('the watch alone sees each breakage and each mending', async (t) => {
  const folder = createKeptFolder(t);
  writeGood(folder, 1);
  const keeper = await folder.open({ timing: { quietMs: 1, settleMs: 5, pollIntervalMs: 20 } });
  keeper.start(createLoggedLines().log);
  let port = 1;
  for (const how of Object.keys(breakages)) {
    breakIn(folder, how);
    await statusOf(keeper, ({ state }) => state === 'refused');
    assert.equal(portOf(keeper), port, how);
    mend(folder, ++port);
    await statusOf(keeper, ({ state }) => state === 'current' && portOf(keeper) === port);
  }
});
