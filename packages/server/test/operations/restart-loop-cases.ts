/** Causes made real: how a container of Docker falls into each, and when enough has been seen of it. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker } from '../harness/docker.ts';

export interface State {
  readonly Status: string;
  readonly Running: boolean;
  readonly Health?: { readonly Status: string };
}

/** Where a case takes place. */
export interface Stage {
  /** Of the container, and of what else is made for it. */
  readonly name: string;
  /** For files that are mounted. */
  readonly directory: string;
  until(condition: (state: State, restarts: number) => boolean): Promise<void>;
  untilSaid(text: string): Promise<void>;
}

export interface LoopCase {
  /** The rule that has to come first. */
  readonly cause: string;
  readonly title: string;
  readonly image?: 'busybox' | 'node';
  /** Of `docker run`. */
  options?(stage: Stage): readonly string[];
  command?(stage: Stage): readonly string[];
  /** Before it is started. */
  prepare?(stage: Stage): void;
  /** Instead of two restarts. */
  during?(stage: Stage): Promise<void>;
  /** What the diagnosis has to quote. */
  readonly quotes: RegExp;
  /** What it has to advise. */
  readonly advises: RegExp;
}

const shell = (script: string) => (): readonly string[] => ['sh', '-c', script];
const node = (program: string) => (): readonly string[] => ['node', '--input-type=module', '--eval', program];
const always = ['--restart', 'always'];
const plainly =
  (...options: readonly string[]) =>
  (): readonly string[] => [...always, ...options];

function file(
  { directory }: Stage,
  name: string,
  { content, mode = 0o755 }: { readonly content: string | Uint8Array; readonly mode?: number },
): void {
  writeFileSync(join(directory, name), content);
  chmodSync(join(directory, name), mode);
}

const mounted = ({ directory }: Stage): readonly string[] => [...always, '--volume', `${directory}:/app`];
const besideOf = ({ name }: Stage): string => `${name}-beside`;
const wasMade = (stage: Stage): Promise<void> =>
  stage.until(({ Status }) => Status === 'created' || Status === 'restarting' || Status === 'exited');

/** The head of a program for a processor that this one is not. */
function foreignProgram(): Uint8Array {
  const bytes = readFileSync('/bin/busybox');
  bytes.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
  return bytes.subarray(0, 4096);
}

const memoryCases: readonly LoopCase[] = [
  {
    cause: 'limit-too-small',
    title: 'a program that wants more than its limit at once',
    options: plainly('--memory', '16m', '--memory-swap', '16m'),
    command: shell('echo loading; a=x; while true; do a=$a$a; done'),
    quotes: /memory limit 16 MiB/,
    advises: /docker update --memory 32m/,
  },
  {
    cause: 'heap-too-small',
    title: 'a heap of V8 that is full, in a container with room',
    image: 'node',
    options: plainly('--memory', '512m', '--env', 'NODE_OPTIONS=--max-old-space-size=16'),
    command: node('const rows = []; for (let row = 0; row < 1e8; row += 1) rows.push({ row, name: "row " + row });'),
    quotes: /heap out of memory|Reached heap limit/,
    advises: /--max-old-space-size=384/,
  },
  {
    cause: 'child-out-of-memory',
    title: 'a tool of the program that the kernel ends, while the program lives on',
    options: plainly('--memory', '24m', '--memory-swap', '24m'),
    command: shell('echo ready; while true; do tail /dev/zero; echo "tool ended with $?"; sleep 1; done'),
    during: (stage) => stage.untilSaid('tool ended with 137'),
    quotes: /tool ended with 137/,
    advises: /docker top/,
  },
  {
    cause: 'stopped-by-hand',
    title: 'exit code 137 of a container that somebody has killed',
    options: () => [],
    command: shell('echo ready; exec sleep 1000'),
    during: async (stage) => {
      await stage.untilSaid('ready');
      docker('kill', stage.name);
      await stage.until(({ Status }) => Status === 'exited');
    },
    quotes: /kill signal=(?:9|SIGKILL)/,
    advises: /docker start/,
  },
];

const startCases: readonly LoopCase[] = [
  {
    cause: 'wrong-architecture',
    title: 'a program for another processor',
    prepare: (stage) => file(stage, 'server', { content: foreignProgram() }),
    options: mounted,
    command: () => ['/app/server'],
    quotes: /exec format error/i,
    advises: /platform/,
  },
  {
    cause: 'entrypoint-missing',
    title: 'a program that is not in the image',
    options: plainly(),
    command: () => ['/usr/local/bin/docker-entrypoint.sh'],
    during: wasMade,
    quotes: /no such file or directory/,
    advises: /./,
  },
  {
    cause: 'entrypoint-missing',
    title: 'a script with the line ends of Windows',
    prepare: (stage) => file(stage, 'entrypoint.sh', { content: '#!/bin/sh\r\necho starting\r\nexec sleep 1000\r\n' }),
    options: mounted,
    command: () => ['/app/entrypoint.sh'],
    during: wasMade,
    quotes: /\\r|no such file or directory/,
    advises: /LF|CRLF|\\r|dos2unix/,
  },
  {
    cause: 'not-executable',
    title: 'a script without the right to be executed',
    prepare: (stage) => file(stage, 'start', { content: '#!/bin/sh\necho starting\n', mode: 0o644 }),
    options: mounted,
    command: () => ['/app/start'],
    during: wasMade,
    quotes: /permission denied/,
    advises: /chmod \+x/,
  },
  {
    cause: 'process-finishes',
    title: 'a job that is started for ever',
    options: plainly(),
    command: shell("echo 'importing 1200 contacts'; sleep 0.2; echo 'import done'"),
    quotes: /exit code 0|import done/,
    advises: /on-failure|restart/,
  },
  {
    cause: 'segmentation-fault',
    title: 'a program that reads where it may not',
    options: plainly('--init'),
    command: shell("echo 'decoding in.heic'; kill -SEGV $$; sleep 1"),
    quotes: /SIGSEGV|139/,
    advises: /./,
  },
  {
    cause: 'ignores-sigterm',
    title: 'a first process that does not hear that it is to end',
    options: plainly(),
    command: shell("trap '' TERM; echo ready; while true; do sleep 1; done"),
    during: async (stage) => {
      await stage.untilSaid('ready');
      for (let stop = 0; stop < 3; stop += 1) {
        docker('restart', '--time', '1', stage.name);
        await stage.until(({ Running }) => Running);
      }
    },
    quotes: /SIGTERM.*SIGKILL/,
    advises: /exec|init/,
  },
];

const settingCases: readonly LoopCase[] = [
  {
    cause: 'setting-missing',
    title: 'a variable that nobody has set',
    options: plainly(),
    command: shell(': "${DATABASE_URL:?must be set}"; exec sleep 1000'),
    quotes: /DATABASE_URL: must be set/,
    advises: /DATABASE_URL=/,
  },
  {
    cause: 'config-invalid',
    title: 'a comma too many in a file of settings',
    image: 'node',
    prepare: (stage) => file(stage, 'settings.json', { content: '{\n  "port": 8080,\n}\n' }),
    options: mounted,
    command: node('import { readFileSync } from "node:fs"; JSON.parse(readFileSync("/app/settings.json", "utf8"));'),
    quotes: /in JSON at position/,
    advises: /mend what the message names/,
  },
  {
    cause: 'api-key-invalid',
    title: 'a key that the provider refuses',
    image: 'node',
    options: plainly('--env', 'OPENAI_API_KEY=sk-not-a-key-of-anybody'),
    command: node(`import { createServer } from 'node:http';
const provider = createServer((request, response) => { response.writeHead(401); response.end('Incorrect API key provided: ' + request.headers.authorization); });
await new Promise((resolve) => provider.listen(9000, resolve));
const answer = await fetch('http://127.0.0.1:9000/v1/models', { headers: { authorization: process.env.OPENAI_API_KEY } });
console.error('startup failed: ' + answer.status + ' ' + await answer.text());
process.exit(1);`),
    quotes: /Incorrect API key provided: \[redacted\]/,
    advises: /key/,
  },
  {
    cause: 'stale-lock',
    title: 'a lock that the life before has left behind',
    options: ({ name }) => [...always, '--volume', `${name}:/state`],
    command: shell(
      'if [ -e /state/app.pid ]; then echo "already running (lock file /state/app.pid exists)" >&2; exit 1; fi; echo 7 > /state/app.pid; sleep 0.2; exit 3',
    ),
    quotes: /already running/,
    advises: /\/state\/app\.pid/,
  },
  {
    cause: 'empty-mount',
    title: 'an empty folder over the program',
    image: 'node',
    options: mounted,
    command: () => ['node', '/app/server.mjs'],
    quotes: /Cannot find module '\/app\/server\.mjs'/,
    advises: /ls -la/,
  },
];

const surroundings: readonly LoopCase[] = [
  {
    cause: 'port-in-use',
    title: 'a port that another container of the same network has',
    prepare: (stage) => {
      docker('run', '--detach', '--name', besideOf(stage), 'openclaw-test-busybox:latest', 'httpd', '-f', '-p', '8080');
    },
    options: (stage) => [...always, '--network', `container:${besideOf(stage)}`],
    command: () => ['httpd', '-f', '-p', '8080'],
    quotes: /Address already in use/,
    advises: /stop one of the two|who listens/,
  },
  {
    cause: 'published-port-taken',
    title: 'a port of the machine that another container publishes',
    prepare: (stage) => {
      const publish = ['--publish', '127.0.0.1::80'];
      docker('run', '--detach', '--name', besideOf(stage), ...publish, 'openclaw-test-busybox:latest', 'sleep', '1000');
    },
    options: (stage) => ['--publish', `${docker('port', besideOf(stage), '80')}:80`],
    command: () => ['sleep', '1000'],
    during: wasMade,
    quotes: /port is already allocated/,
    advises: /docker stop \S+-beside/,
  },
  {
    cause: 'dependency-down',
    title: 'a database that is not there',
    options: plainly(),
    command: shell("echo 'connecting to the database'; nc 127.0.0.1 5432"),
    quotes: /Connection refused/,
    advises: /depends_on/,
  },
  {
    cause: 'dns',
    title: 'a resolver that does not answer',
    image: 'node',
    options: plainly('--dns', '127.0.0.1'),
    command: node("await fetch('https://api.example.com/v1/models');"),
    quotes: /EAI_AGAIN/,
    advises: /dns|resolv/i,
  },
  {
    cause: 'probe-wrong',
    title: 'a health check that asks another port',
    image: 'node',
    options: () => [
      ...['--health-cmd', 'wget -q -O /dev/null http://127.0.0.1:3000/healthz'],
      ...['--health-interval', '1s', '--health-timeout', '5s', '--health-retries', '1'],
    ],
    command: node("import { createServer } from 'node:http'; createServer().listen(8080, () => console.log('listening on port 8080'));"),
    during: (stage) => stage.until(({ Health }) => Health?.Status === 'unhealthy'),
    quotes: /Connection refused/,
    advises: /8080/,
  },
];

const fileCases: readonly LoopCase[] = [
  {
    cause: 'permission-denied',
    title: 'a volume of another user',
    options: ({ name }) => [...always, '--volume', `${name}:/data`, '--user', '1000'],
    command: shell('echo started > /data/state'),
    quotes: /belongs to uid 0/,
    advises: /chown.* 1000:1000/,
  },
  {
    cause: 'read-only-filesystem',
    title: 'a container that may write nowhere',
    options: plainly('--read-only'),
    command: shell('mkdir /var-state'),
    quotes: /Read-only file system/,
    advises: /tmpfs/,
  },
  {
    cause: 'disk-full',
    title: 'a tmpfs without room',
    options: plainly('--tmpfs', '/state:size=64k'),
    command: shell('dd if=/dev/zero of=/state/journal bs=64k count=2'),
    quotes: /No space left on device/,
    advises: /tmpfs/,
  },
  {
    cause: 'file-descriptors',
    title: 'files that are opened and never closed',
    image: 'node',
    options: plainly('--ulimit', 'nofile=40:40'),
    command: node("import { openSync } from 'node:fs'; for (let each = 0; each < 100; each += 1) openSync('/etc/passwd', 'r');"),
    quotes: /EMFILE/,
    advises: /ulimits|nofile/,
  },
  {
    cause: 'pids-limit',
    title: 'more processes than it may have',
    options: plainly('--pids-limit', '6'),
    command: shell('for each in 1 2 3 4 5 6 7 8; do sleep 100 & done; wait'),
    quotes: /can't fork|Resource temporarily unavailable/,
    advises: /pids[-_]limit/,
  },
];

export const loopCases: readonly LoopCase[] = [...memoryCases, ...startCases, ...settingCases, ...surroundings, ...fileCases];

/** An empty folder of its own for each. */
export function makeDirectory(root: string, index: number): string {
  const directory = join(root, String(index));
  mkdirSync(directory);
  return directory;
}
