/** Resident memory of fresh processes: idle, after load, and after a rest. */
import { asMegabytes, type Bench, type Running, type Section, verdict } from './bench.ts';
import { type ContenderName, newHome, startGateway } from './contenders.ts';
import type { LoopResult, StreamsResult } from './load.ts';

const connections = 32;
const streams = 256;
const idleBarBytes = 110e6;

interface Resident {
  readonly idle: number;
  readonly loaded: number;
  readonly rested: number;
}

export async function measureMemory(bench: Bench): Promise<Section> {
  const { memoryRequests, settleMs } = bench.scale;
  const fresh: Running[] = [];
  for (const { contender } of bench.running) {
    if (contender.name !== 'direct') fresh.push({ contender, process: await contender.start() });
  }
  await rest(settleMs);
  const idle = fresh.map(({ process }) => process.residentBytes());
  for (const running of fresh) await work(bench, running);
  const loaded = fresh.map(({ process }) => process.residentBytes());
  await rest(settleMs);
  const rested = fresh.map(({ process }) => process.residentBytes());
  for (const { process } of fresh) await process.stop();
  const firstEver = await idleOfFirstStart(bench);

  const nothing = Number.NaN;
  const all = new Map<ContenderName, Resident>(
    fresh.map(({ contender }, at) => [
      contender.name,
      { idle: idle[at] ?? nothing, loaded: loaded[at] ?? nothing, rested: rested[at] ?? nothing },
    ]),
  );
  return {
    title: 'Resident memory',
    method: `Fresh processes with a warm compile cache: ${settleMs / 1000} s after ready; after ${memoryRequests} requests over ${connections} connections and ${streams} paced streams; after ${settleMs / 1000} s more.`,
    columns: ['', 'idle', 'after load', 'after a rest'],
    rows: [
      ...[...all].map(([name, own]) => [name, asMegabytes(own.idle), asMegabytes(own.loaded), asMegabytes(own.rested)]),
      ...(firstEver === undefined ? [] : [['OpenClaw, first start ever', asMegabytes(firstEver), '', '']]),
    ],
    verdicts: [verdict('idle at most 110 MB (warm)', all.get('OpenClaw')?.idle ?? nothing, { limit: idleBarBytes, format: asMegabytes })],
  };
}

/** Without a compile cache Node also holds the compiler that strips the types. */
async function idleOfFirstStart(bench: Bench): Promise<number | undefined> {
  if (!bench.running.some(({ contender }) => contender.name === 'OpenClaw')) return undefined;
  const process = await startGateway(newHome(bench.mock));
  await rest(bench.scale.settleMs);
  const idle = process.residentBytes();
  await process.stop();
  return idle;
}

async function work(bench: Bench, { contender, process }: Running): Promise<void> {
  const target = contender.targetAt(process.port);
  await bench.load<LoopResult>({ kind: 'closed-loop', target, connections, requests: bench.scale.memoryRequests });
  await bench.load<StreamsResult>({ kind: 'hold-streams', target, streams, deltas: 32, paceMs: 20, rampMs: 320 });
}

/** Time in which the measured processes do what they do when nobody calls; nothing is waited for. */
function rest(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
