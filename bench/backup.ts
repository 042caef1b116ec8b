/**
 * What a backup costs: time and size beside a plain `tar -czf` of the same directory in the same run, taking turns, each as a process of its
 * own; and beside the existing gateway's `openclaw backup create` where that is installed (`node bench/existing/install.ts`), which gets
 * the same files as its workspace, without our database.
 *
 *     node bench/backup.ts [--rounds N] [--megabytes N] [--write]
 *
 * Figures are output, never assertions. `--write` puts them into docs/backup.md.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openState } from '../packages/server/src/storage/index.ts';
import { asMegabytes, asMs } from './bench.ts';
import { existingCommand, existingMissing, existingVersion } from './existing/install.ts';
import { median } from './percentile.ts';
import { machine, renderTable } from './report.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '50' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const bytes = Number(values.megabytes) * 1e6;
const root = join(import.meta.dirname, '..');
const page = join(root, 'docs', 'backup.md');
const marks = { begin: '<!-- bench: begin -->', end: '<!-- bench: end -->' } as const;
const scratch = mkdtempSync(join(tmpdir(), 'openclaw-bench-backup-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Words that people wrote, in an order of nobody's: lines that come again would flatter whoever looks back furthest. */
const words = globSync('docs/**/*.md', { cwd: root }).flatMap(
  (name) => readFileSync(join(root, name), 'utf8').match(/[\w.,:'-]{2,}/g) ?? [],
);

function textOf(length: number): string {
  let text = '';
  while (text.length < length) text += `${words[Math.floor(Math.random() * words.length)]} `;
  return text;
}

function fillWorkspace(directory: string): void {
  for (let written = 0, file = 0; written < bytes; file += 1) {
    const text = textOf(Math.random() * 40_000);
    const path = join(directory, `folder-${file % 20}`, `file-${file}.md`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    written += text.length;
  }
}

async function fillDatabase(stateDirectory: string): Promise<void> {
  const { database, close } = await openState(stateDirectory);
  const sql =
    'INSERT INTO session_messages (session_id, seq, role, text, pieces, at, run_id, incomplete) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)';
  const write = (seq: number, text: string): Promise<void> =>
    database.write({ statements: [{ sql, params: [`session-${seq % 100}`, seq, 'user', text, 1, seq, `run-${seq}`, 0] }] });
  for (let written = 0, seq = 0; written < bytes;) {
    const group = Array.from({ length: 200 }, () => textOf(2000));
    await Promise.all(group.map((text) => write((seq += 1), text)));
    written += group.reduce((sum, text) => sum + text.length, 0);
  }
  await close();
}

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly home: string;
  readonly result: () => string;
  readonly ms: number[];
  readonly bytes: number[];
}

function subject(name: string, command: readonly string[], { home, result }: Pick<Subject, 'home' | 'result'>): Subject {
  return { name, command, home, result, ms: [], bytes: [] };
}

function measure({ name, command, home, result, ms, bytes: sizes }: Subject): void {
  const [file = '', ...args] = command;
  const began = performance.now();
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: home } });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  ms.push(performance.now() - began);
  sizes.push(statSync(result()).size);
  rmSync(result());
}

const home = join(scratch, 'ours');
const state = join(home, '.openclaw');
const filesHome = join(scratch, 'files');
const files = join(filesHome, '.openclaw');
const places = join(scratch, 'places');
mkdirSync(state, { recursive: true });
mkdirSync(places);
await fillDatabase(state);
fillWorkspace(join(state, 'workspaces', 'main'));
fillWorkspace(join(files, 'workspace'));
writeFileSync(join(files, 'openclaw.json'), '{}');

const launcher = join(root, 'openclaw');
const tarball = join(scratch, 'plain.tgz');
const newest = (): string => globSync('*.zst*', { cwd: places }).map((name) => join(places, name))[0] ?? '';
/** Nobody has its key. */
const recipient = 'age16tz59l3x904g4mxkvsyc5u38qhau0y8jm2a0cj3j36fprlntw5zqa4usag';
const groups: { readonly title: string; readonly subjects: readonly Subject[] }[] = [
  {
    title: `A state of ${asMegabytes(bytes)} in the database and ${asMegabytes(bytes)} in files`,
    subjects: [
      subject('`tar -czf`', ['tar', '-czf', tarball, '-C', home, '.openclaw'], { home, result: () => tarball }),
      subject('`openclaw backup create`', [launcher, 'backup', 'create', '--to', places], { home, result: newest }),
      subject('… `--encrypt`', [launcher, 'backup', 'create', '--to', places, '--encrypt', recipient], { home, result: newest }),
    ],
  },
  {
    title: `${asMegabytes(bytes)} in files alone`,
    subjects: [
      subject('`tar -czf`', ['tar', '-czf', tarball, '-C', filesHome, '.openclaw'], { home: filesHome, result: () => tarball }),
      subject('`openclaw backup create`', [launcher, 'backup', 'create', '--to', places], { home: filesHome, result: newest }),
      ...(existingMissing() === undefined
        ? [
            subject(`existing gateway ${existingVersion}`, [existingCommand, 'backup', 'create', '--output', tarball], {
              home: filesHome,
              result: () => tarball,
            }),
          ]
        : []),
    ],
  },
];

const sections = groups.map(({ title, subjects }) => {
  for (let round = 0; round <= rounds; round += 1) for (const each of subjects) measure(each);
  // The first of each fills caches.
  const found = subjects.map(({ name, ms, bytes: sizes }) => ({ name, ms: median(ms.slice(1)), bytes: median(sizes.slice(1)) }));
  const [plain] = found;
  const times = (value: number, of = 1): string => `${(value / of).toFixed(2)}`;
  const rows = found.map(({ name, ms, bytes: size }) => [
    name,
    asMs(ms),
    times(ms, plain?.ms),
    asMegabytes(size),
    times(size, plain?.bytes),
  ]);
  return `${title}:\n\n${renderTable({ columns: ['', 'time', 'of tar', 'size', 'of tar'], rows })}`;
});
const report = `Measured by \`node bench/backup.ts\`, median of ${rounds} rounds that take turns, on ${machine()}. Processes are started anew each time.\n\n${sections.join('\n')}`;
process.stdout.write(`${report}\n`);
if (existingMissing() !== undefined) process.stderr.write(`${existingMissing()}\n`);
if (values.write) {
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    `${text.slice(0, text.indexOf(marks.begin) + marks.begin.length)}\n\n${report}\n${text.slice(text.indexOf(marks.end))}`,
  );
}
