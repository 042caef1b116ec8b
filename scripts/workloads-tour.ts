/**
 * A guided tour of workloads: a program that leaks, from its manifest to its end by its limit, with the commands of a published article about
 * out-of-memory kills in the order in which an operator would need them.
 *
 *     npm run tour                a minute or two, on a gateway and in a directory of its own
 *     npm run tour -- --keep      leaves the directory, the log of the gateway in it
 *     npm run tour -- --write     puts it into docs/workloads-tour.md
 *
 * Nothing in it is made up: every line that begins with `$` is run, and what is below it is what it printed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const limit = '128Mi';
/** What the folder is called on the page. */
const folderOnPage = '/tmp/tour';
const cloneOnPage = '/srv/openclaw';

/** Two mebibytes a second that nobody lets go of. */
const program = `const kept = [];
console.log('payment service listens');
setInterval(() => { kept.push(Buffer.alloc(2 * 2 ** 20, 1)); }, 1000);
`;

const manifest = (script: string): string => `apiVersion: openclaw.io/v1
kind: Workload
metadata:
  name: payment-processor
  namespace: production
spec:
  containers:
    - name: payment-svc
      command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(script)}]
      resources:
        limits:
          memory: "${limit}"
        requests:
          memory: "64Mi"
`;

interface Stop {
  readonly says: string;
  readonly lines: readonly string[];
  /** Before the lines are run. */
  readonly untilRestarted?: { readonly timeoutMs: number };
}

function stopsIn(folder: string): readonly Stop[] {
  const name = 'workload payment-processor -n production';
  return [
    { says: `A manifest with a limit of ${limit}.`, lines: [`apply -f ${folder}/workload-config.yaml`, 'get workloads -n production'] },
    {
      says: 'A mistake in a file changes nothing, and is told with its place.',
      lines: [`apply -f ${folder}/mistake.yaml`],
    },
    {
      says: 'What it uses, of what that consists, and what grows.',
      lines: [
        `logs ${name} --tail 3`,
        `debug ${name} --memory-profile --duration 15s`,
        `metrics ${name} --window 5m`,
        `debug ${name} --show-vmmap`,
      ],
    },
    {
      says: 'The readings as a file, judged without the gateway.',
      lines: [
        `debug export --type memory -n production --output ${folder}/memory-trace.json`,
        `analyze memory-trace ${folder}/memory-trace.json --leak-detection`,
      ],
    },
    {
      says: 'Its end by its limit: what is said of it, and where Kubernetes users look.',
      untilRestarted: { timeoutMs: 180_000 },
      lines: [`logs ${name} --since 1h`, `events ${name}`, `describe ${name}`],
    },
    { says: 'Limit, leak or traffic, and what the message means.', lines: [`analyze ${name}`, 'explain clw-memory-oom'] },
    { says: 'Gone, with all that belonged to it.', lines: [`delete ${name}`, 'get workloads -A'] },
  ];
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-tour-'));
  await writeFile(join(folder, 'leak.js'), program);
  await writeFile(join(folder, 'workload-config.yaml'), manifest(join(folder, 'leak.js')));
  await writeFile(join(folder, 'mistake.yaml'), manifest('x').replace('limits:', 'limit:').replace('memory: "64Mi"', 'memory: "64MB"'));
  const env = { ...process.env, HOME: folder, OPENCLAW_STATE_DIR: join(folder, 'state'), OPENCLAW_GATEWAY_PORT: '0' };
  const [told, sections]: [string[], string[]] = [[], []];
  const gateway = await startGateway(env, join(folder, 'gateway.log'));
  try {
    for (const { says, untilRestarted, lines } of stopsIn(folder)) {
      console.log(`\n# ${says}`);
      if (untilRestarted) await restarted(env, untilRestarted);
      for (const line of lines) {
        console.log(`\n$ clw ${line}`);
        const printed = await clw(line, env, 'shown');
        told.push(`$ clw ${line}\n${printed}`);
      }
      if (lines.length > 0)
        sections.push(
          `${says}\n\n${told
            .splice(0)
            .join('\n')
            .replaceAll(/^(?=.)/gm, '    ')}`,
        );
    }
    if (process.argv.includes('--write'))
      await writePage(sections.join('\n').replaceAll(folder, folderOnPage).replaceAll(root, cloneOnPage));
  } finally {
    await clw('delete workload payment-processor -n production --ignore-not-found', env, 'ignore');
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    if (process.argv.includes('--keep')) console.log(`\nLeft in ${folder}.`);
    else await rm(folder, { recursive: true, force: true });
  }
}

async function startGateway(env: NodeJS.ProcessEnv, logFile: string): Promise<ChildProcess> {
  await using log = await open(logFile, 'w');
  const gateway = spawn(join(root, 'openclaw'), ['gateway', 'run'], { env, stdio: ['ignore', 'pipe', log.fd] });
  const output = gateway.stdout;
  let said = '';
  for await (const piece of output?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(piece);
    if (/listens on/.test(said)) break;
  }
  if (!/listens on/.test(said)) throw new Error(`the gateway did not start: ${logFile} says why`);
  output?.resume();
  return gateway;
}

/** Until it was started again: then it has been killed once. */
async function restarted(env: NodeJS.ProcessEnv, { timeoutMs }: NonNullable<Stop['untilRestarted']>): Promise<void> {
  console.log('(waiting until it reaches its limit …)');
  for (const until = Date.now() + timeoutMs; Date.now() < until; await wait(2000)) {
    const restarts = await clw('get workload payment-processor -n production -o jsonpath={.status.restarts}', env, 'pipe');
    if (Number(restarts) > 0) return;
  }
  throw new Error('it did not reach its limit');
}

async function writePage(text: string): Promise<void> {
  const intro =
    '# A tour of workloads\n\nWritten by `npm run tour -- --write`: a program that leaks two mebibytes a second, from its manifest to its end by its limit. Every line that begins with `$` was run, and what is below it is what\n' +
    `it printed, both streams together. What the commands are: [clw](clw.md).\n\n`;
  await writeFile(join(root, 'docs/workloads-tour.md'), `${intro}${text.trimEnd()}\n`);
}

/** @returns what it printed; of `shown` also on the standard error */
async function clw(line: string, env: NodeJS.ProcessEnv, output: 'shown' | 'ignore' | 'pipe'): Promise<string> {
  const child = spawn(join(root, 'clw'), line.split(' '), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
    if (output === 'shown') process.stdout.write(piece);
  });
  child.stderr.on('data', (piece: Buffer) => {
    if (output !== 'shown') return;
    text += piece.toString();
    process.stdout.write(piece);
  });
  await once(child, 'close');
  return text;
}

if (import.meta.main) await main();
