/**
 * What hundreds of workloads cost the gateway, and how soon it answers about them: the process driver by itself, with limits held by the kernel and by the watchdog, and a whole gateway over the same programs, which
 * sleep.
 *
 *     npm run bench:workloads                        500 units, 30 seconds each
 *     npm run bench:workloads -- --units 100 --seconds 10
 *     npm run bench:workloads -- --write             puts the table into docs/workloads-process.md
 *
 * Figures of the gateway are those of its process alone. What the answers cost whoever asks is in their times: `clw` is a program that has to start.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ApiList, Workload } from '@openclaw/protocol';
import { measureDriver, type DriverCost } from './workloads-sampling.ts';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/workloads-process.md');
const namespace = '/apis/openclaw.io/v1/namespaces/bench/workloads';
const replicas = 10;
const rounds = 15;
const ticksPerSecond = 100;

interface Gateway extends AsyncDisposable {
  readonly pid: number;
  readonly env: NodeJS.ProcessEnv;
  fetch(path: string, init?: { readonly method?: string; readonly body?: object; readonly type?: string }): Promise<Response>;
}

async function startGateway(): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-bench-gateway-'));
  const env = { ...process.env, HOME: folder, OPENCLAW_STATE_DIR: join(folder, 'state'), OPENCLAW_GATEWAY_PORT: '0' };
  // Not by its launcher: the processor time of this very process is wanted.
  const child = spawn(process.execPath, [join(root, 'packages/server/bin/openclaw.js'), 'gateway', 'run'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  for await (const piece of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(piece);
    if (/try it/.test(said)) break;
  }
  child.stdout.resume();
  const url = /listens on (\S+)/.exec(said)?.[1] ?? '';
  const token = readFileSync(join(folder, 'state/credentials/gateway-token'), 'utf8').trim();
  return {
    pid: child.pid ?? 0,
    env,
    fetch: (path, { method = 'GET', body, type = 'application/json' } = {}) =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of a process with all its threads, so far. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function listed(gateway: Gateway): Promise<readonly Workload[]> {
  return ((await (await gateway.fetch(namespace)).json()) as ApiList<Workload>).items;
}

async function runSleepers(gateway: Gateway, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const container = { name: 'main', command: ['/bin/sleep', '36000'], resources: { limits: { memory: '64Mi' } } };
    const spec = { driver: 'process', replicas, terminationGracePeriodSeconds: 1, containers: [container] };
    const body = { apiVersion: 'openclaw.io/v1', kind: 'Workload', metadata: { name: `sleeper-${index}` }, spec };
    const response = await gateway.fetch(namespace, { method: 'POST', body });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  }
  while ((await listed(gateway)).some(({ status }) => (status?.readyReplicas ?? 0) < replicas)) await wait(500);
}

async function timesOf(act: () => Promise<unknown>): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now();
    await act();
    tookMs.push(performance.now() - startMs);
  }
  return tookMs.toSorted((one, other) => one - other);
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** From the moment at which a change is sent until a watch tells of it. */
async function watchTimes(gateway: Gateway): Promise<readonly number[]> {
  const { metadata } = (await (await gateway.fetch(namespace)).json()) as ApiList<Workload>;
  const response = await gateway.fetch(`${namespace}?watch=true&resourceVersion=${metadata.resourceVersion}`);
  const seen = new Map<string, () => void>();
  const reading = (async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (const [mark, tell] of seen) if (rest.includes(mark)) tell();
      rest = rest.slice(-100_000);
    }
  })().catch(() => {});
  const times = await timesOf(async () => {
    const mark = `mark-${Math.random().toString(36).slice(2)}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.set(mark, resolve);
    const patched = gateway.fetch(`${namespace}/sleeper-0`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { mark } } },
    });
    await promise;
    seen.delete(mark);
    await (await patched).arrayBuffer();
  });
  await response.body?.cancel().catch(() => {});
  void reading;
  return times;
}

function clw(gateway: Gateway): Promise<unknown> {
  const child = spawn(join(root, 'clw'), ['get', 'workloads', '-A'], { env: gateway.env, stdio: ['ignore', 'ignore', 'inherit'] });
  return once(child, 'exit');
}

/** What it takes of a processor, which other programs of the machine do not make longer. */
async function processorMsOfClw(gateway: Gateway): Promise<number> {
  const child = spawn('sh', ['-c', `${join(root, 'clw')} get workloads -A > /dev/null; times`], {
    env: gateway.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  await once(child, 'close');
  // Its second line is that of children: `0m0.210s 0m0.050s`.
  const times = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000, 0);
}

interface GatewayCost {
  readonly share: number;
  readonly clwMs: number;
  readonly clwProcessorMs: number;
  readonly watchMs: number;
  readonly watchMostMs: number;
}

async function measureGateway({ units, seconds }: { readonly units: number; readonly seconds: number }): Promise<GatewayCost> {
  await using gateway = await startGateway();
  const count = Math.ceil(units / replicas);
  try {
    await runSleepers(gateway, count);
    await wait(10_000);
    const [startMs, before] = [performance.now(), cpuSecondsOf(gateway.pid)];
    await wait(seconds * 1000);
    const share = (cpuSecondsOf(gateway.pid) - before) / ((performance.now() - startMs) / 1000);
    await clw(gateway);
    const clwMs = median(await timesOf(() => clw(gateway)));
    const clwProcessorMs = await processorMsOfClw(gateway);
    const watched = await watchTimes(gateway);
    return { share, clwMs, clwProcessorMs, watchMs: median(watched), watchMostMs: watched.at(-1) ?? 0 };
  } finally {
    await (await gateway.fetch(namespace, { method: 'DELETE' })).arrayBuffer();
    while ((await listed(gateway)).length > 0) await wait(500);
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function rowOf({ looking, sampling, p50Ms, p99Ms }: DriverCost, held: string): string {
  const micro = (ms: number): string => `${(ms * 1000).toFixed(0)} µs`;
  return `| limits held by the ${held}: looked at every second | ${percent(looking)} of one core | |\n| and sampled every five (each: p50 ${micro(p50Ms)}, p99 ${micro(p99Ms)}) | ${percent(sampling)} of one core | under 5 % |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      units: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '30' },
      write: { type: 'boolean', default: false },
    },
  });
  const wish = { units: Number(values.units), seconds: Number(values.seconds) };
  const load = loadavg()[0] ?? 0;
  const kernel = await measureDriver({ ...wish, watchdog: false });
  const watchdog = await measureDriver({ ...wish, watchdog: true });
  const gateway = await measureGateway(wish);
  const table = [
    `Measured ${new Date().toISOString().slice(0, 10)} with ${wish.units} programs that sleep, on ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load average ${load.toFixed(1)} before it began` +
      `${load > cpus().length ? ': the machine was busy with other things, and times of answers are longer for it' : ''}.`,
    '',
    '| | | bar |',
    '|---|---|---|',
    rowOf(kernel, kernel.limits ?? 'kernel'),
    rowOf(watchdog, watchdog.limits ?? 'watchdog'),
    `| the whole gateway over ${Math.ceil(wish.units / replicas)} workloads of ${replicas} | ${percent(gateway.share)} of one core | |`,
    `| \`clw get workloads -A\`, from its start to its end | ${gateway.clwMs.toFixed(0)} ms, of which it computes ${gateway.clwProcessorMs.toFixed(0)} ms | under 300 ms |`,
    `| from a change to the event of a watch | ${gateway.watchMs.toFixed(0)} ms, at most ${gateway.watchMostMs.toFixed(0)} ms | under 100 ms |`,
  ].join('\n');
  console.log(table);
  if (!values.write) return;
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(
      /(<!-- bench: begin -->\n)[^]*(<!-- bench: end -->)/,
      (_whole, begin: string, end: string) => `${begin}\n${table}\n\n${end}`,
    ),
  );
}

if (import.meta.main) await main();
