/** Start-up: from the command to `/readyz` answering 200, against the time that Node takes to run nothing. */
import { spawn } from 'node:child_process';
import { asMs, asTimes, type Bench, type Section, verdict } from './bench.ts';
import { newHome, serveOnce, startGateway, startPortkey } from './contenders.ts';
import { median } from './percentile.ts';
import type { OwnedProcess } from './processes.ts';

const limitTimes = 10;

/** Starts once, stops again, and tells how long it took to be ready. */
type TimedStart = () => Promise<number>;

export async function measureStartup(bench: Bench): Promise<Section> {
  const has = (name: string): boolean => bench.running.some(({ contender }) => contender.name === name);
  const subjects = new Map<string, TimedStart>([['node -e 0', runNothing]]);
  if (has('OpenClaw')) {
    const kept = newHome(bench.mock);
    const warm: TimedStart = () => timeToReady(() => startGateway(kept));
    await serveOnce(await startGateway(kept)); // fills the compile cache, creates the database
    subjects.set('OpenClaw, warm', warm);
    subjects.set('OpenClaw, first start ever', () => {
      const home = newHome(bench.mock);
      return timeToReady(() => startGateway(home));
    });
  }
  if (has('Portkey')) subjects.set('Portkey', () => timeToReady(startPortkey));

  const times = new Map<string, number[]>([...subjects.keys()].map((name) => [name, []]));
  for (let round = 0; round < bench.scale.starts; round += 1) {
    for (const [name, start] of subjects) times.get(name)?.push(await start());
  }
  const nothing = times.get('node -e 0') ?? [];
  const ratioOf = (name: string): number => median((times.get(name) ?? []).map((ms, round) => ms / (nothing[round] ?? Number.NaN)));
  return {
    title: 'Start-up',
    method: `From the command to the first 200 of /readyz, median of ${bench.scale.starts} interleaved starts; ratios round by round. Warm: the same state directory and compile cache again.`,
    columns: ['', 'time', '× node -e 0'],
    rows: [...times].map(([name, own]) => [name, asMs(median(own)), asTimes(ratioOf(name))]),
    verdicts: [verdict(`ready within ${limitTimes} × node -e 0 (warm)`, ratioOf('OpenClaw, warm'), { limit: limitTimes, format: asTimes })],
  };
}

async function timeToReady(start: () => Promise<OwnedProcess>): Promise<number> {
  const startedMs = performance.now();
  const process = await start();
  const tookMs = performance.now() - startedMs;
  await process.stop();
  return tookMs;
}

async function runNothing(): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - startedMs;
}
