/**
 * Makes a real container of each recipe, waits until it has fallen into its cause, asks as the doctor does, and keeps the answers in `cases/`.
 *
 *     node bench/diagnosis/record.ts [--prefix NAME] [--missing] [RECIPE…]     all of them where none is named
 *
 * It needs Docker, a static busybox, and for some recipes gcc, openssl, Python 3 and an older Node. Everything that it makes carries the prefix, and is removed.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Engine } from '../../packages/server/src/docker-engine/engine.ts';
import { systemClock } from '../../packages/server/src/core/clock.ts';
import { reasonOf } from '../../packages/server/src/core/errors.ts';
import type { Lookout } from '../../packages/server/src/operations/diagnose/contract.ts';
import { createLiveLookout } from '../../packages/server/src/operations/diagnose/docker/live-lookout.ts';
import { NotSeen } from '../../packages/server/src/operations/diagnose/not-seen.ts';
import { docker, makeNodeImage, makeTestImage } from '../../packages/server/test/harness/docker.ts';
import { type Answer, type Case, casesDirectory, collectEvidence } from './case.ts';
import { recipes } from './recipes/index.ts';
import type { Files, Image, Inspected, Recipe, Stage } from './recipes/recipe.ts';
import { trim } from './trim.ts';

const socket = '/var/run/docker.sock';
const patienceMs = 90_000;
const pollMs = 50;
const defaultLives = 3;
const oldNode = '/usr/bin/node';

const { values, positionals } = parseArgs({
  options: { prefix: { type: 'string', default: 'openclaw-diagnosis' }, missing: { type: 'boolean', default: false } },
  allowPositionals: true,
});

interface Place {
  readonly name: string;
  readonly directory: string;
  readonly volume: string;
  readonly texts: ReadonlyMap<string, string>;
}

async function record(recipe: Recipe, engine: Engine): Promise<Case> {
  const name = `${values.prefix}-${recipe.name}`;
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `${values.prefix}-`)));
  const place: Place = { name, directory, volume: `${name}-state`, texts: placeholders(recipe, name, directory) };
  const containers = [name, ...(recipe.beside ?? []).map((each) => `${name}-${each.name}`)];
  // Others than its owner may have to look into it.
  chmodSync(directory, 0o755);
  try {
    for (const [file, content] of Object.entries(recipe.files ?? {})) writeContent(join(directory, file), content, recipe.modes?.[file]);
    for (const each of recipe.beside ?? []) run(`${name}-${each.name}`, { ...each, place, files: {} });
    if (recipe.beside !== undefined) await sleep(1000);
    const command = run(name, { ...recipe, place, files: recipe.files ?? {} });
    await (recipe.during ?? ((stage) => waitForLives(stage, recipe.lives ?? defaultLives)))(createStage(name, engine));
    return await look(recipe, { place, engine, command, containers });
  } finally {
    for (const each of containers) quietly(() => docker('rm', '--force', '--volumes', each));
    quietly(() => docker('volume', 'rm', '--force', place.volume));
    rmSync(directory, { recursive: true, force: true });
  }
}

const shownAs: Readonly<Record<string, string>> = { FILES: '/srv/app', PYTHON: '/usr/local' };

interface Looking {
  readonly place: Place;
  readonly engine: Engine;
  readonly command: string;
  readonly containers: readonly string[];
}

async function look(recipe: Recipe, { place, engine, command, containers }: Looking): Promise<Case> {
  const live = createLiveLookout(engine, systemClock, AbortSignal.timeout(patienceMs));
  const answers: Answer[] = [];
  const subject = { kind: 'container', name: place.name } as const;
  await collectEvidence(remember(live, answers), subject);
  const replaced = new Map([
    ...[...place.texts].map(([name, text]): [string, string] => [text, shownAs[name] ?? 'state']),
    ...containers.toReversed().map((each): [string, string] => [each, each === place.name ? 'app' : each.slice(place.name.length + 1)]),
    ['openclaw-test-node', 'app-node'],
    ['openclaw-test-busybox', 'app-busybox'],
  ]);
  const ids = new Set(containers.map((each) => docker('inspect', '--format', '{{.Id}}', each)));
  let from = command;
  for (const [text, to] of replaced) from = from.replaceAll(text, to);
  const { half, causes, note } = recipe;
  return {
    ...{ name: recipe.name, form: 'recorded', half, causes, from, ...(note === undefined ? {} : { note }), atMs: live.atMs },
    subject: { kind: 'container', name: 'app' },
    answers: trim(answers, { replaced, containers: ids }),
  };
}

function remember(lookout: Lookout, answers: Answer[]): Lookout {
  return {
    atMs: lookout.atMs,
    async ask(question) {
      try {
        const answer = await lookout.ask(question);
        answers.push({ question, answer });
        return answer;
      } catch (thrown) {
        if (thrown instanceof NotSeen) answers.push({ question, refused: { reason: thrown.reason, message: thrown.message } });
        throw thrown;
      }
    },
  };
}

interface Running extends Pick<Recipe, 'image' | 'options' | 'command' | 'files'> {
  readonly place: Place;
}

/** @returns the command as a person would type it */
function run(name: string, { image, options, command, files, place }: Running): string {
  const mounts = [
    ...(Object.keys(files ?? {}).length > 0 ? ['--volume', `${place.directory}:/app`] : []),
    ...(image === 'old-node'
      ? ['--volume', `${oldNode}:/bin/node:ro`, '--volume', '/usr/lib:/usr/lib:ro', '--volume', '/lib:/lib:ro']
      : []),
  ];
  const fill = (word: string): string => [...place.texts].reduce((text, [from, to]) => text.replaceAll(from, to), word);
  const words = ['--name', name, ...mounts, ...options.map(fill), imageOf(image), ...command.map(fill)];
  docker('create', ...words);
  // Where it cannot be started at all, that is the case.
  quietly(() => docker('start', name));
  return `docker run --detach ${words.map(quote).join(' ')}`;
}

function placeholders(recipe: Recipe, name: string, directory: string): ReadonlyMap<string, string> {
  const texts = JSON.stringify([recipe.options, recipe.command, recipe.beside ?? []]);
  const python = texts.includes('PYTHON')
    ? execFileSync('python3', ['-c', 'import sys; print(sys.base_prefix)'], { encoding: 'utf8' }).trim()
    : undefined;
  return new Map([
    ['FILES', directory],
    ['STATE', `${name}-state`],
    ...(recipe.beside ?? []).map((each): [string, string] => ['BESIDE', `${name}-${each.name}`]),
    ...(python === undefined ? [] : [['PYTHON', python] as [string, string]]),
  ]);
}

function imageOf(image: Image): string {
  if (image === 'busybox') return makeTestImage();
  if (image === 'node' || image === 'old-node') return makeNodeImage();
  const name = `${values.prefix}-other:latest`;
  if (docker('images', '--quiet', name) !== '') return name;
  const container = docker('create', makeTestImage(), 'true');
  try {
    execFileSync(
      'sh',
      ['-c', `docker export ${container} | docker import --platform linux/${process.arch === 'arm64' ? 'amd64' : 'arm64'} - ${name}`],
      { stdio: 'pipe' },
    );
  } finally {
    docker('rm', '--force', container);
  }
  return name;
}

function writeContent(file: string, content: Files[string], mode = 0o755): void {
  mkdirSync(dirname(file), { recursive: true });
  if (typeof content === 'function') content(file);
  else writeFileSync(file, content);
  if (existsSync(file)) chmodSync(file, mode);
}

function createStage(name: string, engine: Engine): Stage {
  const inspect = async (): Promise<Inspected> => (await engine.json({ method: 'GET', path: `/containers/${name}/json` })) as Inspected;
  const wait = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    const startedAt = performance.now();
    while (!(await isSo())) {
      if (performance.now() - startedAt > patienceMs) throw new Error(`${name}: it never came so far that ${what}`);
      await sleep(pollMs);
    }
  };
  return {
    name,
    docker,
    inspect,
    until: (condition) => wait(`it is ${condition.toString()}`, async () => condition(await inspect())),
    untilLogged: (text) => wait(`it says "${text}"`, async () => (await logsOf(engine, name)).includes(text)),
    pause: (ms) => sleep(ms),
  };
}

async function logsOf(engine: Engine, name: string): Promise<string> {
  const answer = await engine.stream({
    method: 'GET',
    path: `/containers/${name}/logs`,
    query: { stdout: 1, stderr: 1 },
    signal: AbortSignal.timeout(10_000),
  });
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Until so many have ended, or until it never began. */
async function waitForLives({ until }: Stage, lives: number): Promise<void> {
  if (lives === 0) return;
  await until(({ RestartCount, State }) => RestartCount >= lives - 1 && State.Status !== 'running' && State.Status !== 'created');
}

function quote(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Gone already, or not to be started: the recording shows which.
  }
}

/** One answer a line: a change of one is a change of one line. */
function textOf({ answers, ...head }: Case): string {
  return `${JSON.stringify({ ...head, answers: [] }).slice(0, -2)}\n${answers.map((answer) => JSON.stringify(answer)).join(',\n')}\n]}\n`;
}

async function main(): Promise<void> {
  mkdirSync(casesDirectory, { recursive: true });
  const engine = new Engine(socket);
  const unknown = positionals.filter((name) => !recipes.some((recipe) => recipe.name === name));
  if (unknown.length > 0) throw new Error(`there is no recipe ${unknown.join(', ')}`);
  let failed = 0;
  for (const recipe of recipes.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const file = join(casesDirectory, `${recipe.name}.json`);
    if (values.missing && existsSync(file)) continue;
    try {
      const found = await record(recipe, engine);
      writeFileSync(file, textOf(found));
      process.stdout.write(`${recipe.name}\n`);
    } catch (thrown) {
      failed += 1;
      process.stderr.write(`${recipe.name}: ${reasonOf(thrown)}\n`);
    }
  }
  engine.close();
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
