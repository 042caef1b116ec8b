/**
 * The gateway beside the existing one, `openclaw` from npm: how long each takes to be ready, what it holds when nobody asks, and what each
 * call of its command line costs. In one run, taking turns.
 *
 *     node bench/existing/install.ts && npm run bench:existing -- [--rounds N] [--write]
 *
 * Figures are output, never assertions.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asMegabytes, asMs, asTimes, type Section, verdict } from '../bench.ts';
import { median } from '../percentile.ts';
import { freePort, type OwnedProcess, startCommand } from '../processes.ts';
import { machine, renderSection } from '../report.ts';
import { existingCommand, existingMissing, existingVersion } from './install.ts';

const launcher = join(import.meta.dirname, '..', '..', 'openclaw');
const page = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');
const marks = { begin: '<!-- existing: begin -->', end: '<!-- existing: end -->' } as const;
const token = 'bench-token-0123456789abcdef0123456789abcdef';

/** The existing one calls itself ready a moment before its helpers are through. */
const idleAfterMs = 30_000;
const readyTimeoutMs = 120_000;

interface Side {
  readonly name: 'existing' | 'OpenClaw';
  readonly command: string;
  readonly home: string;
  start(): Promise<OwnedProcess>;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, write: { type: 'boolean', default: false } } });
const rounds = Number(values.rounds);
const scratch = mkdtempSync(join(tmpdir(), 'openclaw-existing-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

function side(name: Side['name'], command: string, args: readonly string[]): Side {
  const home = join(scratch, name);
  const env = { HOME: home, OPENCLAW_GATEWAY_TOKEN: token, PATH: process.env['PATH'] ?? '' };
  return {
    name,
    command,
    home,
    async start() {
      const port = await freePort();
      return startCommand({ command, args: [...args, '--port', String(port)], port, readyPath: '/readyz', env, readyTimeoutMs });
    },
  };
}

const sides = [
  side('existing', existingCommand, ['gateway', 'run', '--allow-unconfigured', '--auth', 'token', '--bind', 'loopback']),
  side('OpenClaw', launcher, ['gateway', 'run']),
] as const;

/** One more time than is counted: the first of each makes its home and fills its caches. */
async function inTurns(measure: (side: Side) => Promise<number>): Promise<Map<Side['name'], number[]>> {
  const times = new Map<Side['name'], number[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of sides) {
      const tookMs = await measure(one);
      if (round > 0) times.set(one.name, [...(times.get(one.name) ?? []), tookMs]);
    }
  }
  return times;
}

async function measureStarts(): Promise<Section> {
  const times = await inTurns(async ({ start }) => {
    const startedMs = performance.now();
    const process = await start();
    const tookMs = performance.now() - startedMs;
    await process.stop();
    return tookMs;
  });
  const [existing, own] = [median(times.get('existing') ?? []), median(times.get('OpenClaw') ?? [])];
  return {
    title: 'Ready',
    method: `From the command to the first 200 of /readyz, in a home that has been started in before; median of ${rounds}, taking turns.`,
    columns: ['', 'time'],
    rows: [
      ['existing', asMs(existing)],
      ['OpenClaw', asMs(own)],
    ],
    verdicts: [verdict('ready in at most a tenth of the time', own / existing, { limit: 0.1, format: asTimes })],
  };
}

async function measureIdle(): Promise<Section> {
  const idle = new Map<string, number>();
  for (const { name, start } of sides) {
    const gateway = await start();
    await new Promise((resolve) => setTimeout(resolve, idleAfterMs));
    idle.set(name, residentOfTree(gateway.pid));
    await gateway.stop();
  }
  const [existing, own] = [idle.get('existing') ?? Number.NaN, idle.get('OpenClaw') ?? Number.NaN];
  return {
    title: 'Idle memory',
    method: `Resident memory of the process and those that it started, ${idleAfterMs / 1000} s after it was ready, with no provider configured and nobody asking.`,
    columns: ['', 'resident'],
    rows: [
      ['existing', asMegabytes(existing)],
      ['OpenClaw', asMegabytes(own)],
    ],
    verdicts: [verdict('idle memory at most an eighth', own / existing, { limit: 1 / 8, format: asTimes })],
  };
}

/** Those that both have; `URL` stands for the address of the side's own gateway. */
const calls: readonly (readonly string[])[] = [
  ['gateway', 'health', '--url', 'URL', '--token', token],
  ['gateway', 'probe', '--url', 'URL', '--token', token],
  ['health'],
  ['status'],
  ['devices', 'list', '--url', 'URL', '--token', token],
  ['logs', '--limit', '20', '--url', 'URL', '--token', token],
  ['config', 'get', 'gateway'],
  ['--help'],
];

async function measureCalls(): Promise<Section> {
  const gateways = new Map<string, OwnedProcess>();
  for (const { name, start } of sides) gateways.set(name, await start());
  const rows: string[][] = [];
  const ratios: number[] = [];
  const ownTimes: number[] = [];
  for (const args of calls) {
    const times = await inTurns((one) => timeCall(one, args, gateways.get(one.name)?.port ?? 0));
    const [existing, own] = [median(times.get('existing') ?? []), median(times.get('OpenClaw') ?? [])];
    ratios.push(own / existing);
    ownTimes.push(own);
    rows.push([
      args.filter((word) => !/^(--url|URL|--token)$/.test(word) && word !== token).join(' '),
      asMs(existing),
      asMs(own),
      asTimes(own / existing),
    ]);
  }
  for (const gateway of gateways.values()) await gateway.stop();
  return {
    title: 'Calls of the command line',
    method: `Each against its own gateway, from the command to its end; median of ${rounds} after one that fills the caches, taking turns.`,
    columns: ['', 'existing', 'OpenClaw', 'ratio'],
    rows,
    verdicts: [
      // What only prints words loads next to nothing on either side.
      verdict('each call at most a fifth (but for --help)', Math.max(...ratios.slice(0, -1)), { limit: 0.2, format: asTimes }),
      verdict('each call of ours under a quarter of a second', Math.max(...ownTimes), { limit: 250, format: asMs }),
    ],
  };
}

async function timeCall({ name, command, home }: Side, args: readonly string[], port: number): Promise<number> {
  const env = { HOME: home, OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_GATEWAY_PORT: String(port), PATH: process.env['PATH'] ?? '' };
  const words = args.map((word) => (word === 'URL' ? `ws://127.0.0.1:${port}` : word));
  const startedMs = performance.now();
  const child = spawn(command, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (piece: Buffer) => (complaint = `${complaint}${piece.toString()}`.slice(-500)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) console.error(`${name}: ${words.join(' ')} ended with ${String(code)}: ${complaint}`);
  return performance.now() - startedMs;
}

/** Of the process and all below it. */
function residentOfTree(root: number): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? /PPid:\s+(\d+)/.exec(readProc(entry, 'status'))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid) ?? 0));
  return [...parents.keys()]
    .filter(belongs)
    .reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(readProc(String(pid), 'status'))?.[1] ?? 0) * 1024, 0);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

function write(text: string): void {
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(marks.begin), old.indexOf(marks.end)];
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers`);
  writeFileSync(page, `${old.slice(0, from + marks.begin.length)}\n\n${text.trim()}\n\n${old.slice(to)}`);
}

const missing = existingMissing();
if (missing !== undefined) {
  console.error(missing);
  process.exitCode = 1;
} else {
  const startedMs = performance.now();
  const sections = [await measureStarts(), await measureIdle(), await measureCalls()];
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const head = `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run bench:existing\` beside \`openclaw@${existingVersion}\` in ${seconds} s, on ${machine()}.\n`;
  const text = [head, ...sections.map(renderSection)].join('\n');
  console.log(text);
  if (values.write) write(text);
}
