/**
 * The bench: OpenClaw beside a bare relay and Portkey, before the same mock upstream, on this machine and loopback only.
 *
 *     npm run bench -- [--quick] [--only NAME] [--json FILE] [--write]
 *
 * Every comparison is interleaved, so that what else the machine does hits all alike; read the ratios. The figures are
 * output, never assertions: the exit code says whether the bench ran, not who won.
 */
import { parseArgs } from 'node:util';
import type { Bench, Running, Scale, Section } from './bench.ts';
import { contendersBefore, gatewayMissing, portkeyMissing } from './contenders.ts';
import { measureFirstToken, measureLatency } from './latency.ts';
import type { Job } from './load.ts';
import { measureMemory } from './memory.ts';
import { startScript } from './processes.ts';
import { type Report, renderSection, renderSummary, writeJson, writePage } from './report.ts';
import { measureStartup } from './startup.ts';
import { measureStreams } from './streams.ts';
import { measureThroughput } from './throughput.ts';

const fullScale: Scale = {
  rounds: 7,
  latencyRequests: 600,
  warmUpMs: 6000,
  throughputMs: 1500,
  firstTokens: 50,
  streamCounts: [128, 512, 1024],
  streamRuns: 3,
  starts: 10,
  memoryRequests: 20_000,
  settleMs: 5000,
};

/** About a minute. */
const quickScale: Scale = {
  rounds: 3,
  latencyRequests: 200,
  warmUpMs: 1500,
  throughputMs: 500,
  firstTokens: 15,
  streamCounts: [128, 512],
  streamRuns: 1,
  starts: 3,
  memoryRequests: 5000,
  settleMs: 1500,
};

const measurements: Readonly<Record<string, (bench: Bench) => Promise<Section>>> = {
  startup: measureStartup,
  memory: measureMemory,
  throughput: (bench) => measureThroughput(bench, 0),
  'throughput-20ms': (bench) => measureThroughput(bench, 20),
  latency: measureLatency,
  'first-token': measureFirstToken,
  streams: measureStreams,
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

async function startBench(): Promise<Bench> {
  const mock = await startScript('mock-upstream.ts');
  const generator = await startScript('load.ts');
  const running: Running[] = [];
  for (const contender of contendersBefore(mock)) running.push({ contender, process: await contender.start() });
  const scale = values.quick ? quickScale : fullScale;
  const load = async <Result>(job: Job): Promise<Result> => (await generator.ask<{ result: Result }>(job)).result;

  // The compiler is at work for some 30,000 requests: five seconds and more for the larger programs.
  async function warmUpAll(): Promise<void> {
    for (const { contender, process } of running) {
      await load({ kind: 'closed-loop', target: contender.targetAt(process.port), connections: 32, durationMs: scale.warmUpMs });
    }
  }
  let warmed: Promise<void> | undefined;
  return { scale, mock, running, load, warmUp: () => (warmed ??= warmUpAll()) };
}

function missingNotes(): string[] {
  const missing = { OpenClaw: gatewayMissing(), Portkey: portkeyMissing() };
  return Object.entries(missing).flatMap(([name, reason]) => (reason === undefined ? [] : [`${name} was not measured: ${reason}`]));
}

/** What to type for the same measurement; where the figures went is no part of it. */
function commandText(): string {
  const flags = [...(values.quick ? ['--quick'] : []), ...(values.only ?? []).map((name) => `--only ${name}`)];
  return ['npm run bench', ...(flags.length > 0 ? ['--', ...flags] : [])].join(' ');
}

async function main(): Promise<void> {
  const names = values.only ?? Object.keys(measurements);
  const unknown = names.find((name) => measurements[name] === undefined);
  if (unknown !== undefined) throw new Error(`there is no measurement '${unknown}'; there are ${Object.keys(measurements).join(', ')}`);

  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const notes = missingNotes();
  for (const note of notes) console.log(`Note: ${note}.\n`);
  const bench = await startBench();
  const sections: Section[] = [];
  for (const name of names) {
    const section = await measurements[name]?.(bench);
    if (section === undefined) continue;
    sections.push(section);
    console.log(renderSection(section));
  }
  const report: Report = { command: commandText(), startedAt, seconds: (performance.now() - startedMs) / 1000, notes, sections };
  console.log(renderSummary(report));
  if (values.json !== undefined) writeJson(values.json, report);
  if (values.write) writePage(report);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
process.exit();
