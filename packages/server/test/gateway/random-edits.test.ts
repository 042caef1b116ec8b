/** A hundred random edits of the file under a running gateway: it never exits, what was good last serves, and each mended file is taken up. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProgram, type Program } from '../harness/program.ts';

/** Numbers that are the same each time, from 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const breakages: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  syntax: (folder) => writeFile(join(folder, 'openclaw.json'), '{ models: ]'),
  'unknown key': (folder) => writeFile(join(folder, 'openclaw.json'), '{ modles: {} }'),
  'missing variable': (folder) => writeFile(join(folder, 'openclaw.json'), "{ gateway: { auth: { token: '${NOT_SET_ANYWHERE}' } } }"),
  'missing include': (folder) => rm(join(folder, 'routes.json5'), { force: true }),
  'bad secret reference': (folder) => rm(join(folder, 'key'), { force: true }),
  removed: () => Promise.resolve(),
  unreadable: (folder) => mkdir(join(folder, 'openclaw.json')),
  'link to nowhere': (folder) => symlink('nowhere', join(folder, 'openclaw.json')),
  'half-written': (folder) => writeFile(join(folder, 'openclaw.json'), '{ models: { routes: { $include: '),
  emptied: (folder) => writeFile(join(folder, 'openclaw.json'), ''),
  'open door': (folder) => writeFile(join(folder, 'openclaw.json'), "{ gateway: { bind: 'lan', auth: { mode: 'none' } } }"),
};
const kinds = Object.keys(breakages);
/** They leave the file itself as it is. */
const besides: readonly string[] = ['missing include', 'bad secret reference'];

/** The number is in the name of a route, which `/v1/models` lists. */
async function mend(folder: string, number: number): Promise<void> {
  await rm(join(folder, 'openclaw.json'), { recursive: true, force: true });
  await writeFile(join(folder, 'key'), 'a-key-in-a-file');
  await writeFile(join(folder, 'routes.json5'), `{ 'route-${number}': { targets: ['mine/model'] } }`);
  const provider = "{ baseUrl: 'http://127.0.0.1:9/v1', api: 'ollama', apiKey: { $secret: { file: 'key' } } }";
  await writeFile(join(folder, 'openclaw.json'), `{ models: { providers: { mine: ${provider} }, routes: { $include: 'routes.json5' } } }`);
}

async function breakIt(folder: string, kind: string): Promise<void> {
  if (!besides.includes(kind)) await rm(join(folder, 'openclaw.json'), { recursive: true, force: true });
  await breakages[kind]?.(folder);
}

/** A gateway on a folder, through its restarts. */
class Life {
  readonly #home: string;
  readonly #env = { OPENCLAW_GATEWAY_TOKEN: 'the-token-of-the-environment' };
  #program: Program | undefined;
  #url = '';

  constructor(home: string) {
    this.#home = home;
  }

  get program(): Program {
    assert.ok(this.#program);
    return this.#program;
  }

  async restart(): Promise<void> {
    await this.end();
    this.#program = await startProgram({ home: this.#home, env: this.#env });
    ({ url: this.#url } = await this.#program.ready());
  }

  async end(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }

  async ask(path: string): Promise<string> {
    const answer = await fetch(this.#url + path, { headers: { authorization: `Bearer ${this.#env.OPENCLAW_GATEWAY_TOKEN}` } });
    return answer.text();
  }

  async serves(number: number): Promise<boolean> {
    return (await this.ask('/v1/models')).includes(`"route-${number}"`);
  }

  /** What the gateway itself says of the file. */
  async isFileInForce(): Promise<boolean> {
    const { checks } = JSON.parse(await this.ask('/health')) as { checks: { configuration: { state: string } } };
    return checks.configuration.state === 'ok';
  }
}

interface Edit {
  /** Undefined: mended. */
  readonly kind: string | undefined;
  readonly restart: boolean;
}

/** Each breakage once, then whatever comes; a restart in every tenth state, but for the door that is the starter's to refuse. */
function randomEdits(count: number, random: () => number): Edit[] {
  const edits: Edit[] = [];
  let isOpen = false;
  for (let index = 0; index < count; index += 1) {
    const chosen = random() < 0.4 ? undefined : kinds[Math.floor(random() * kinds.length)];
    const kind = kinds[index] ?? chosen;
    isOpen = kind === 'open door' || (isOpen && besides.includes(kind ?? ''));
    edits.push({ kind, restart: index % 10 === 9 && !isOpen });
  }
  return edits;
}

test('a hundred random edits: the process never exits, the last good configuration serves, a mended file is taken up', async () => {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-edits-'));
  const folder = join(home, '.openclaw');
  const life = new Life(home);
  let number = 0;
  const mendAndWait = async (): Promise<void> => {
    await mend(folder, ++number);
    while (!(await life.serves(number)));
  };
  try {
    await mkdir(folder);
    await mend(folder, number);
    await life.restart();
    for (const [index, { kind, restart }] of randomEdits(100, createRandom(20_261_121)).entries()) {
      if (kind === undefined) await mendAndWait();
      else await breakIt(folder, kind);
      while ((await life.isFileInForce()) !== (kind === undefined));
      if (restart) await life.restart();
      const title = `edit ${index}: ${kind ?? 'mended'}`;
      assert.deepEqual([life.program.child.exitCode, life.program.child.signalCode], [null, null], title);
      if (life.program.stdout().includes('Rescue mode')) {
        // The key lies in a file of its own, which no last good version can stand in for.
        assert.ok(restart && kind !== undefined, title);
        await mendAndWait();
        await life.restart();
      }
      assert.ok(await life.serves(number), title);
    }
    await mendAndWait();
    assert.equal((await life.ask('/readyz')).includes('"ready":true'), true);
  } finally {
    await life.end();
    await rm(home, { recursive: true, force: true });
  }
});
