/**
 * What durable runs cost: the run engine beside a bare journal and LangGraph.js with its SQLite checkpointer, in one run; and how soon a gateway
 * that was killed serves again.
 *
 *     npm run bench:runs -- [--write]
 *
 * LangGraph.js has a native module: `node bench/runs/install-langgraph.ts` installs it for the Node that is on the PATH, and the bench runs without it.
 * Figures are output, never assertions.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs, promisify } from 'node:util';
import { asCount, asMegabytes, asMs, asTimes, type Section, verdict } from '../bench.ts';
import { median } from '../percentile.ts';
import { machine, renderSection } from '../report.ts';
import { langGraphDirectory, langGraphNode } from './install-langgraph.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const page = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');
const marks = { begin: '<!-- runs: begin -->', end: '<!-- runs: end -->' } as const;
const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'openclaw-bench-runs-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

interface Figures {
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly msPerStep: number;
  readonly loopP99Ms?: number;
  readonly bytes: number;
}

const rounds = 3;
let places = 0;

async function engine(runs: number, steps: number): Promise<Figures> {
  const directory = join(scratch, `engine-${(places += 1)}`);
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'engine-steps.ts'), String(runs), String(steps), directory]);
  return { ...(JSON.parse(stdout) as Omit<Figures, 'bytes'>), bytes: bytesBelow(directory) };
}

async function langGraph(runs: number, steps: number): Promise<Figures | undefined> {
  const node = langGraphNode();
  if (!existsSync(join(langGraphDirectory, 'node_modules')) || node === undefined) return undefined;
  const database = join(scratch, `langgraph-${(places += 1)}.db`);
  const { stdout } = await run(node, [
    join(import.meta.dirname, 'langgraph-steps.js'),
    String(runs),
    String(steps),
    database,
    langGraphDirectory,
  ]);
  return { ...(JSON.parse(stdout) as Omit<Figures, 'bytes'>), bytes: bytesOf(database) };
}

/** What the disk allows: plain rows of 2 KB, so many in a commit as there are runs, synchronous=FULL. */
function bareJournal(runs: number, steps: number): Figures {
  const file = join(scratch, `bare-${(places += 1)}.db`);
  const sqlite = new DatabaseSync(file);
  sqlite.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (run, seq))',
  );
  const insert = sqlite.prepare('INSERT INTO events VALUES (?, ?, ?)');
  const body = 'x'.repeat(2048);
  const startedMs = performance.now();
  // Intent and result of each step are two commits, as with the engine.
  for (let seq = 0; seq < steps * 2; seq += 1) {
    sqlite.exec('BEGIN');
    for (let one = 0; one < runs; one += 1) insert.run(one, seq, seq % 2 === 0 ? 'intent' : body);
    sqlite.exec('COMMIT');
  }
  const seconds = (performance.now() - startedMs) / 1000;
  sqlite.close();
  const all = runs * steps;
  return { steps: all, stepsPerSecond: all / seconds, msPerStep: (seconds * 1000) / steps, bytes: bytesOf(file) };
}

function bytesBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + bytesOf(join(entry.parentPath, entry.name)), 0);
}

function bytesOf(file: string): number {
  return ['', '-wal'].reduce((sum, end) => sum + (existsSync(file + end) ? statSync(file + end).size : 0), 0);
}

async function measureSteps(runs: number, steps: number): Promise<Section> {
  const kept = { engine: [] as Figures[], bare: [] as Figures[], langGraph: [] as Figures[] };
  for (let round = 0; round < rounds; round += 1) {
    kept.bare.push(bareJournal(runs, steps));
    kept.engine.push(await engine(runs, steps));
    const other = await langGraph(runs, steps);
    if (other) kept.langGraph.push(other);
  }
  const of = (figures: readonly Figures[], read: (one: Figures) => number): number => median(figures.map(read));
  const row = (name: string, figures: readonly Figures[]): string[] => [
    name,
    asCount(of(figures, (one) => one.stepsPerSecond)),
    asMs(of(figures, (one) => one.msPerStep)),
    asMegabytes(of(figures, (one) => (one.bytes / one.steps) * 1000)),
    figures[0]?.loopP99Ms === undefined ? '–' : asMs(of(figures, (one) => one.loopP99Ms ?? Number.NaN)),
  ];
  const rate = (figures: readonly Figures[]): number => of(figures, (one) => one.stepsPerSecond);
  return {
    title: `${runs} ${runs === 1 ? 'run' : 'runs at once'}, ${steps} steps each`,
    method: `Median of ${rounds} rounds, taking turns. A step of the engine is an answer of the model or a call of a tool, its intent and its result committed with fsync each; results of tools have 2 KB. One of LangGraph.js adds 2 KB to the state.`,
    columns: ['', 'steps/s', 'a step of one run', 'stored for 1,000 steps', 'event loop p99'],
    rows: [
      row('bare journal', kept.bare),
      row('run engine', kept.engine),
      ...(kept.langGraph.length > 0 ? [row('LangGraph.js', kept.langGraph)] : []),
    ],
    verdicts:
      runs === 1
        ? [
            verdict(
              'a durable step of one run at most 1 ms',
              of(kept.engine, (one) => one.msPerStep),
              { limit: 1, format: asMs },
            ),
          ]
        : [
            verdict('at least 5 × the steps/s of LangGraph.js', rate(kept.engine) / rate(kept.langGraph), {
              limit: 5,
              atLeast: true,
              format: asTimes,
            }),
            verdict('at least half of the bare journal', rate(kept.engine) / rate(kept.bare), {
              limit: 0.5,
              atLeast: true,
              format: asTimes,
            }),
          ],
  };
}

async function measureRecovery(): Promise<Section> {
  const program = join(import.meta.dirname, 'recovery.ts');
  const all: { readonly servingMs: number; readonly takenUpMs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const directory = join(scratch, `recovery-${round}`);
    const args = [directory, '10000', '1000'];
    // It ends by killing itself, which is the point.
    await run(process.execPath, [program, 'fill', ...args]).catch(() => {});
    all.push(JSON.parse(execFileSync(process.execPath, [program, 'open', ...args], { encoding: 'utf8' })) as (typeof all)[number]);
  }
  const [servingMs, takenUpMs] = [median(all.map((one) => one.servingMs)), median(all.map((one) => one.takenUpMs))];
  return {
    title: 'After SIGKILL',
    method: `A state with 10,000 runs that ended and 1,000 that were under way when the process was killed; from the start of the program's own code. Median of ${rounds}.`,
    columns: ['', 'time'],
    rows: [
      ['the state is open and the engine serves', asMs(servingMs)],
      ['every open run has been taken up and has asked its model', asMs(takenUpMs)],
    ],
    verdicts: [
      verdict('serving within a second', servingMs, { limit: 1000, format: asMs }),
      verdict('1,000 open runs taken up within five seconds', takenUpMs, { limit: 5000, format: asMs }),
    ],
  };
}

const startedMs = performance.now();
const sections = [await measureSteps(1, 200), await measureSteps(200, 40), await measureRecovery()];
const seconds = Math.round((performance.now() - startedMs) / 1000);
const head = `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run bench:runs\` in ${seconds} s, on ${machine()}.\n`;
const text = [head, ...sections.map(renderSection)].join('\n');
console.log(text);
if (values.write) {
  const old = readFileSync(page, 'utf8');
  const [from, to] = [old.indexOf(marks.begin), old.indexOf(marks.end)];
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers`);
  writeFileSync(page, `${old.slice(0, from + marks.begin.length)}\n\n${text.trim()}\n\n${old.slice(to)}`);
}
