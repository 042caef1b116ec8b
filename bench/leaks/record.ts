/**
 * Records the memory of the small programs in `programs/` into `traces/`: what the kernel says of the process, and what the program says of itself.
 *
 *     node bench/leaks/record.ts [--minutes 25] NAME…      all of them where none is named; they run side by side
 *
 * The limit is written into the trace for the forecast and is not enforced. It needs Linux, and Python 3 for the programs in Python.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { MemorySample, MemoryTrace } from '@openclaw/protocol';

const programs = join(import.meta.dirname, 'programs');
const intervalMs = 2000;
const limitBytes = 512 * 2 ** 20;

type Told = Partial<Pick<MemorySample, 'requests' | 'heapAfterGcBytes' | 'externalBytes'> & Pick<MemoryTrace, 'allocations'>>;

function sampleOf(pid: number, told: Told): MemorySample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const rssBytes = field('VmRSS') * 1024;
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return {
    at: Date.now(),
    // Without a control group of its own a process has no cache of files to its name.
    usageBytes: rssBytes,
    workingSetBytes: rssBytes,
    rssBytes,
    anonymousBytes: field('RssAnon') * 1024,
    fileBytes: (field('RssFile') + field('RssShmem')) * 1024,
    swapBytes: field('VmSwap') * 1024,
    restarts: 0,
    ...(told.heapAfterGcBytes === undefined ? {} : { heapAfterGcBytes: told.heapAfterGcBytes }),
    ...(told.externalBytes === undefined ? {} : { externalBytes: told.externalBytes }),
    ...(told.requests === undefined ? {} : { requests: told.requests }),
    threads: field('Threads'),
    fileDescriptors: targets.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
  };
}

/** Empty where it was closed in between. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function record(name: string, seconds: number): Promise<void> {
  const [file, runtime] = name.endsWith('.py') ? [name, 'python'] : [`${name}.ts`, 'node'];
  const command = runtime === 'python' ? 'python3' : process.execPath;
  // Sites are functions, and a compiler that makes one function of two would name the wrong one.
  const flags = runtime === 'node' ? ['--no-turbo-inlining', '--no-maglev-inlining'] : [];
  const child = spawn(command, [...flags, relative('.', join(programs, file)), '--seconds', String(seconds)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const startedAt = Date.now();
  let told: Told = {};
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (line) => (told = { ...told, ...(JSON.parse(line) as Told) }));
  const samples: MemorySample[] = [];
  const sampling = setInterval(() => {
    if (child.pid === undefined || child.exitCode !== null || told.requests === undefined) return;
    const sample = sampleOf(child.pid, told);
    // Of a process that is ending nothing is left.
    if (sample.rssBytes > 0) samples.push(sample);
  }, intervalMs);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
  const trace: MemoryTrace = {
    version: 1,
    workload: name.replace('.py', '').replaceAll('_', '-'),
    namespace: 'bench',
    instance: `${name.replace('.py', '').replaceAll('_', '-')}-0`,
    driver: 'process',
    runtime,
    limitBytes,
    intervalMs,
    startedAt,
    samples,
    ...(told.allocations ? { allocations: told.allocations } : {}),
  };
  const out = join(import.meta.dirname, 'traces', `${trace.workload}.json.gz`);
  writeFileSync(out, gzipSync(JSON.stringify(trace), { level: 9 }));
  console.log(`${relative('.', out)}: ${samples.length} samples`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string', default: '25' } } });
  const all = readdirSync(programs).filter((file) => !file.startsWith('serve.') && !file.startsWith('_'));
  const names =
    positionals.length > 0 ? positionals : all.filter((file) => /\.(ts|py)$/.test(file)).map((file) => file.replace(/\.ts$/, ''));
  await Promise.all(names.map((name) => record(name, Number(values.minutes) * 60)));
}

if (import.meta.main) await main();
