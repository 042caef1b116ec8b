/**
 * A million requests through one gateway, a fifth of whose clients leave before the end: is anything kept that should not be?
 *
 *     npm run soak [-- --requests 1000000 --leave 0.2 --connections 32 --samples 100 --write --json FILE]
 *
 * The gateway is started as an operator starts it, and the clients use a virtual key with limits and a budget. Between batches,
 * while nothing is under way, memory, open files and what the gateway says of itself are taken down. The figures are output: the
 * exit code says whether the soak ran, not whether the memory levelled off.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asCount, asMegabytes, type Section } from './bench.ts';
import { newHome, startGateway } from './contenders.ts';
import type { MockStats } from './mock-upstream.ts';
import { type OwnedProcess, startScript } from './processes.ts';
import { machine, renderTable } from './report.ts';
import type { Batch, BatchResult } from './soak-clients.ts';
import { liveHeapBytes } from './soak-live-heap.ts';
import { plot } from './soak-plot.ts';
import { slopeOf, type Slope } from './soak-slope.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    leave: { type: 'string', default: '0.2' },
    connections: { type: 'string', default: '32' },
    samples: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

/** Taken while no request is under way. */
interface Sample {
  readonly requests: number;
  readonly seconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Buffers and what else lies outside of the heap. */
  readonly externalBytes: number;
  readonly inFlight: number;
  readonly heldBodyBytes: number;
  readonly openFiles: number;
  /** Connections that the mock sees. */
  readonly upstreamConnections: number;
  readonly rowsWaiting: number;
}

/** After a full collection. */
interface Live {
  readonly requests: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

interface Soak {
  readonly samples: readonly Sample[];
  readonly totals: Omit<BatchResult, 'firstFailure'> & { readonly firstFailure: string };
  readonly rest: Sample;
  /** Early, and at the end. */
  readonly live: readonly Live[];
  readonly key: { readonly requests: number; readonly usdReserved: number | null };
}

const token = 'soak-token-0123456789abcdef0123456789abcdef';
const docs = join(import.meta.dirname, '..', 'docs');
const page = join(docs, 'performance.md');
const begin = '<!-- soak: begin -->';
const end = '<!-- soak: end -->';
const perMillion = 1_000_000;
/** How long the gateway may take to see that the last clients have gone, and what it rests at the end. */
const settleMs = 5000;
const restMs = 10_000;
const returnMs = 3000;
/** When the heap is first collected for a comparison: everything has been loaded and compiled by then. */
const earlyShare = 0.1;

function configuration(mock: OwnedProcess): object {
  const provider = (api: string): object => ({
    ...{ baseUrl: `http://127.0.0.1:${mock.port}/v1`, api, apiKey: 'mock-key' },
    models: [{ id: 'mock-model', cost: { input: 0.1, output: 0.4 } }],
    concurrency: { initial: 256, max: 256 },
  });
  return {
    gateway: { auth: { mode: 'token', token } },
    models: { providers: { mock: provider('openai-completions'), claude: provider('anthropic-messages') } },
  };
}

const authorization = `Bearer ${token}`;

async function call(gateway: OwnedProcess, path: string, wanted?: object): Promise<Record<string, unknown>> {
  const body = wanted && { method: 'POST', body: JSON.stringify(wanted) };
  const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { ...body, headers: { authorization } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function readMetrics(gateway: OwnedProcess): Promise<(name: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  const values = new Map(
    text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
  return (name) => values.get(name) ?? Number.NaN;
}

async function sample(gateway: OwnedProcess, mock: OwnedProcess, done: { requests: number; seconds: number }): Promise<Sample> {
  const endMs = performance.now() + settleMs;
  let metrics = await readMetrics(gateway);
  while (metrics('openclaw_model_requests_in_flight') > 0 && performance.now() < endMs) metrics = await readMetrics(gateway);
  const { stats } = await mock.ask<{ stats: MockStats }>({ stats: true });
  return {
    ...done,
    residentBytes: gateway.residentBytes(),
    heapBytes: metrics('nodejs_memory_bytes{kind="heap_used"}'),
    externalBytes: metrics('nodejs_memory_bytes{kind="external"}'),
    inFlight: metrics('openclaw_model_requests_in_flight'),
    heldBodyBytes: metrics('openclaw_http_body_bytes'),
    openFiles: metrics('process_open_fds'),
    upstreamConnections: stats.open,
    rowsWaiting: metrics('openclaw_usage_rows_waiting'),
  };
}

async function soak(requests: number): Promise<Soak> {
  const mock = await startScript('mock-upstream.ts');
  const clients = await startScript('soak-clients.ts');
  const home = newHome(mock);
  writeFileSync(join(home.stateDirectory, 'openclaw.json'), JSON.stringify(configuration(mock)), { mode: 0o600 });
  const gateway = await startGateway(home);
  const limits = { rpm: 1e9, tpm: 1e12, usdPerDay: 1e6, usdPerMonth: 1e6 };
  const key = await call(gateway, '/admin/v1/keys', { name: 'soak', ...limits });
  const batch = {
    ...{ port: gateway.port, authorization: `Bearer ${String(key['key'])}` },
    ...{ connections: Number(values.connections), leave: Number(values.leave) },
  };
  const size = Math.max(1, Math.ceil(requests / Number(values.samples)));
  const totals = { answered: 0, left: 0, failed: 0, seconds: 0, firstFailure: '' };
  const live: Live[] = [];
  const collect = async (done: number): Promise<void> => {
    const heapBytes = await liveHeapBytes(gateway.pid);
    // What was set free goes back to the system little by little.
    await new Promise((resolve) => setTimeout(resolve, returnMs));
    live.push({ requests: done, heapBytes, residentBytes: gateway.residentBytes() });
  };
  const samples: Sample[] = [await sample(gateway, mock, { requests: 0, seconds: 0 })];
  for (let first = 0; first < requests; first += size) {
    const count = Math.min(size, requests - first);
    const { result } = await clients.ask<{ result: BatchResult }>({ ...batch, first, requests: count } satisfies Batch);
    for (const name of ['answered', 'left', 'failed', 'seconds'] as const) totals[name] += result[name];
    totals.firstFailure ||= result.firstFailure;
    const taken = await sample(gateway, mock, { requests: first + count, seconds: totals.seconds });
    samples.push(taken);
    if (live.length === 0 && first + count >= requests * earlyShare) await collect(first + count);
    console.error(
      `${asCount(taken.requests)} requests, ${asCount(count / result.seconds)}/s, ${asMegabytes(taken.residentBytes)} resident, ` +
        `${asMegabytes(taken.heapBytes)} heap, ${taken.openFiles} files, ${taken.inFlight} under way, ${totals.failed} failed`,
    );
  }
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const rest = await sample(gateway, mock, { requests, seconds: totals.seconds + restMs / 1000 });
  await collect(requests);
  const shown = (await call(gateway, `/admin/v1/keys/${String(key['id'])}`))['used'] as { requests: number; usdReserved: number | null };
  const { rows } = (await call(gateway, '/admin/v1/usage?since=0&by=key')) as { rows: { name: string; requests: number }[] };
  const recorded = rows.find(({ name }) => name === key['id'])?.requests ?? 0;
  await gateway.stop();
  return { samples, totals, rest, live, key: { requests: recorded, usdReserved: shown.usdReserved } };
}

/** Of what is measured in the second half, in bytes for a million requests. */
function growth(samples: readonly Sample[], pick: (sample: Sample) => number): Slope {
  const half = samples.filter(({ requests }) => requests > (samples.at(-1)?.requests ?? 0) / 2);
  return slopeOf(half.map((one) => ({ at: one.requests / perMillion, value: pick(one) })));
}

/** No growth that can be told from none, and none that would matter if the run went on as long again. */
function isLevel({ perUnit, low }: Slope, levelBytes: number): boolean {
  return low <= 0 && perUnit < levelBytes / 10;
}

const asGrowth = ({ perUnit, low, high }: Slope): string =>
  [perUnit, low, high].map((bytes) => `${bytes < 0 ? '−' : '+'}${(Math.abs(bytes) / 1e6).toFixed(1)} MB`).join(' | ');

function section({ samples, totals, rest, live, key }: Soak): Section {
  const at = (share: number): Sample => samples[Math.round(share * (samples.length - 1))] ?? rest;
  const row = (name: string, one: Sample): string[] => [
    ...[name, asMegabytes(one.residentBytes), asMegabytes(one.heapBytes), asMegabytes(one.externalBytes)],
    ...[String(one.openFiles), String(one.upstreamConnections), String(one.inFlight), String(one.heldBodyBytes)],
  ];
  const resident = growth(samples, (one) => one.residentBytes);
  const heap = growth(samples, (one) => one.heapBytes);
  const quiet = samples.every(({ inFlight, heldBodyBytes }) => inFlight === 0 && heldBodyBytes === 0);
  return {
    title: 'Soak',
    method:
      `${asCount(totals.answered + totals.left + totals.failed)} requests over ${values.connections} connections in ${Math.round(totals.seconds)} s (${asCount((totals.answered + totals.left) / totals.seconds)} a second): ` +
      `${asCount(totals.answered)} answered and checked to their last word, ${asCount(totals.left)} left by their clients (with half of the request sent, while they waited, in the middle of the answer; a half by a reset), ${asCount(totals.failed)} failed. ` +
      `A half streams, a half is translated between two formats. The key has limits and a budget; ${asCount(key.requests)} of its requests are in the usage (who leaves before the request is sent whole has asked nothing), and ${key.usdReserved ?? 0} US$ stay reserved.`,
    columns: ['', 'resident', 'heap', 'outside of it', 'open files', 'to the provider', 'under way', 'bodies held'],
    rows: [
      ...[0, 0.1, 0.25, 0.5, 0.75, 1].map((share) => row(`after ${asCount(at(share).requests)}`, at(share))),
      row(`after ${restMs / 1000} s of rest`, rest),
    ],
    verdicts: [
      { bar: 'resident memory levels off in the second half', found: growthWords(resident), holds: isLevel(resident, rest.residentBytes) },
      { bar: 'so does the heap in use', found: growthWords(heap), holds: isLevel(heap, rest.heapBytes) },
      { bar: 'after a full collection the heap holds no more at the end', ...compareLive(live, (one) => one.heapBytes) },
      { bar: 'and the process no more memory', ...compareLive(live, (one) => one.residentBytes) },
      { bar: 'whenever nobody asks, nothing is under way and no body is held', found: quiet ? 'so it was' : 'something was', holds: quiet },
      { bar: 'every request that was not left is answered as it should be', found: `${totals.failed} failed`, holds: totals.failed === 0 },
      { bar: 'nothing stays reserved', found: `${key.usdReserved ?? 0} US$`, holds: (key.usdReserved ?? 0) === 0 },
    ],
  };
}

/** What a request leaves for ever would be there a million times: a tenth of a kilobyte each is 100 MB. */
function compareLive(live: readonly Live[], pick: (one: Live) => number): { readonly found: string; readonly holds: boolean | undefined } {
  const [early = Number.NaN, late = Number.NaN] = live.map(pick);
  const found = live.map((one) => `${(pick(one) / 1e6).toFixed(1)} MB after ${asCount(one.requests)}`).join(', ');
  const grown = late - early;
  return { found, holds: Number.isNaN(grown) ? undefined : grown < early / 10 };
}

function growthWords(slope: Slope): string {
  const [found, low, high] = asGrowth(slope).split(' | ');
  return `${found} in a million requests, between ${low} and ${high}`;
}

function render(result: Soak, command: string): string {
  const { title, method, columns, rows, verdicts } = section(result);
  const bars = verdicts
    .map(({ bar, found, holds }) => `- ${bar}: ${found}, ${holds === undefined ? 'not judged' : holds ? 'holds' : 'missed'}\n`)
    .join('');
  return (
    `## ${title}\n\nMeasured ${new Date().toISOString().slice(0, 10)} by \`${command}\`, on ${machine()}.\n\n${method}\n\n` +
    `${renderTable({ columns, rows })}\n${bars}\nThe intervals hold the true slope in 95 of 100 runs; they count neighbouring samples, which are alike, for less.\n`
  );
}

function figure({ samples }: Soak): string {
  const line = (name: string, color: string, pick: (sample: Sample) => number) => ({
    ...{ name, color },
    points: samples.map((one) => ({ x: one.requests, y: pick(one) / 1e6 })),
  });
  return plot(
    [
      line('resident', '#0b62a4', (one) => one.residentBytes),
      line('heap in use', '#c2571a', (one) => one.heapBytes),
      line('outside of it', '#4a8f3c', (one) => one.externalBytes),
    ],
    { title: `Memory of the gateway, ${Number(values.leave) * 100} % of the clients leaving early`, xName: 'requests', yName: 'MB' },
  );
}

function write(text: string, svg: string): void {
  const before = readFileSync(page, 'utf8');
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers '${begin}' and '${end}'`);
  writeFileSync(join(docs, 'soak.svg'), svg);
  const image = '![Memory over the requests](soak.svg)\n';
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text}\n${image}\n${before.slice(to)}`);
}

const command = `npm run soak -- --requests ${values.requests} --leave ${values.leave} --connections ${values.connections} --samples ${values.samples}`;
const result = await soak(Number(values.requests));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
const text = render(result, command);
console.log(text);
if (values.write) write(text, figure(result));
process.exit(0);
