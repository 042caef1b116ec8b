/**
 * The five scenarios of the published article on out-of-memory kills, and a leak in Python beside them, for real: each a workload of its own gateway with a small limit, watched for half an hour, judged, and then driven
 * to its end.
 *
 *     npm run oom-scenarios                     half an hour and some minutes
 *     npm run oom-scenarios -- --minutes 25     watched for so long
 *     npm run oom-scenarios -- --write          puts the table into docs/memory-analysis.md
 *
 * What it prints is what the gateway answered; an expectation that does not hold is in the table as it came.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ApiEvent, ApiList, Workload, WorkloadAnalysis } from '@openclaw/protocol';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/memory-analysis.md');
const namespace = '/apis/openclaw.io/v1/namespaces/default';
const endLimitMs = 300_000;

interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly behaviour?: string;
  readonly limit: string;
  readonly env: Readonly<Record<string, string>>;
  /** What drives it to its end: more requests, or larger ones. */
  readonly end: 'requests' | { readonly env: Readonly<Record<string, string>> } | 'none';
}

const scenarios: readonly Scenario[] = [
  {
    name: 'unbounded-cache',
    title: 'unbounded cache',
    behaviour: 'leak',
    limit: '256Mi',
    env: { PAYMENTS_PER_SECOND: '1' },
    end: 'requests',
  },
  {
    name: 'connection-pool',
    title: 'connection pool leak',
    behaviour: 'connections',
    limit: '128Mi',
    env: { PAYMENTS_PER_SECOND: '0.4' },
    end: 'requests',
  },
  {
    ...{ name: 'large-batch', title: 'large batch processing', behaviour: 'burst', limit: '256Mi', env: { PAYMENTS_PER_SECOND: '2' } },
    end: { env: { PAYMENT_BYTES: String(2 ** 20), PAYMENTS_PER_SECOND: '20' } },
  },
  {
    name: 'worker-threads',
    title: 'worker thread accumulation',
    behaviour: 'threads',
    limit: '512Mi',
    env: { PAYMENTS_PER_SECOND: '0.02' },
    end: 'requests',
  },
  {
    name: 'fragmentation',
    title: 'memory fragmentation',
    behaviour: 'fragments',
    limit: '256Mi',
    env: { PAYMENTS_PER_SECOND: '2' },
    end: 'requests',
  },
  { name: 'python-cache', title: "the article's cache in Python", limit: '128Mi', env: {}, end: 'none' },
];

interface Found {
  readonly scenario: Scenario;
  readonly verdict: string;
  readonly looksLike: string;
  readonly ended: string;
}

interface Api {
  get<Answer>(path: string): Promise<Answer>;
  send(method: string, path: string, body: object): Promise<void>;
}

function manifest({ name, behaviour, limit, env }: Scenario, hostPort: number): object {
  const programs = join(root, 'bench/leaks/programs');
  const node = {
    command: [process.execPath, join(root, 'examples/payment-processor/payment-service.js')],
    ports: [{ containerPort: 8080, hostPort }],
    reportsHeap: true,
    env: Object.entries({ BEHAVIOUR: behaviour ?? '', NODE_OPTIONS: '--max-old-space-size=2000', ...env }).map(([key, value]) => ({
      name: key,
      value,
    })),
  };
  // Its figures go to a file descriptor that nobody reads here.
  const python = { command: ['sh', '-c', 'exec python3 cache_leaky.py --seconds 100000 3> /dev/null'], workingDir: programs };
  const container = {
    name: 'main',
    ...(behaviour === undefined ? python : node),
    resources: { limits: { memory: limit }, requests: { memory: '16Mi' } },
  };
  return {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name },
    spec: { driver: 'process', terminationGracePeriodSeconds: 2, containers: [container] },
  };
}

async function openApi(folder: string): Promise<Api & { close(): Promise<void> }> {
  const env = { ...process.env, HOME: folder, OPENCLAW_STATE_DIR: join(folder, 'state'), OPENCLAW_GATEWAY_PORT: '0' };
  const gateway = spawn(join(root, 'openclaw'), ['gateway', 'run'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  for await (const piece of gateway.stdout.iterator({ destroyOnReturn: false })) {
    said += String(piece);
    if (/try it/.test(said)) break;
  }
  const url = /listens on (\S+)/.exec(said)?.[1];
  if (url === undefined) throw new Error(`the gateway did not start: ${said}`);
  gateway.stdout.resume();
  const token = readFileSync(join(folder, 'state/credentials/gateway-token'), 'utf8').trim();
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    get: async <Answer>(path: string) => (await ask('GET', path)) as Answer,
    send: async (method, path, body) => void (await ask(method, path, body)),
    async close() {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
    },
  };
}

function lastEndOf({ status }: Workload) {
  return status?.instances.flatMap(({ containers }) => containers).find(({ lastState }) => lastState?.terminated !== undefined)?.lastState
    ?.terminated;
}

/** Ended by itself before its time, or when driven to it; in words. */
async function endOf(scenario: Scenario, port: number, api: Api): Promise<string> {
  const path = `${namespace}/workloads/${scenario.name}`;
  const ended = async () => lastEndOf(await api.get<Workload>(path));
  if (scenario.end === 'none') return (await ended())?.reason ?? 'not driven to its end';
  if (scenario.end !== 'requests') {
    const env = Object.entries({
      BEHAVIOUR: scenario.behaviour ?? '',
      NODE_OPTIONS: '--max-old-space-size=2000',
      ...scenario.env,
      ...scenario.end.env,
    });
    const { spec } = manifest(scenario, port) as { readonly spec: { readonly containers: readonly object[] } };
    const containers = [{ ...spec.containers[0], env: env.map(([name, value]) => ({ name, value })) }];
    await api.send('PATCH', path, { spec: { containers } });
  }
  for (const untilMs = Date.now() + endLimitMs; Date.now() < untilMs;) {
    const end = await ended();
    if (end !== undefined) return `${end.reason} (${end.exitCode}); ${(await eventsOf(scenario.name, api)).join(', ')}`;
    if (scenario.end === 'requests') {
      // One that is being ended refuses: that is what is waited for.
      await Promise.allSettled(Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()));
    } else await wait(500);
  }
  return `nothing within ${endLimitMs / 60_000} min`;
}

/** Of memory; the last of them is written a moment after the end is seen. */
async function eventsOf(name: string, api: Api): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const { items } = await api.get<ApiList<ApiEvent>>('/api/v1/namespaces/default/events');
    const reasons = new Set(items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason));
    if (tries === 20 || ['clw-container-kill', 'clw-heap-limit'].some((last) => reasons.has(last)))
      return [...reasons]
        .filter((reason) => reason.startsWith('clw-'))
        .toSorted()
        .map((reason) => `\`${reason}\``);
    await wait(500);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function run(minutes: number): Promise<readonly Found[]> {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-scenarios-'));
  const api = await openApi(folder);
  const ports = new Map<string, number>();
  try {
    for (const scenario of scenarios) {
      ports.set(scenario.name, await freePort());
      await api.send('POST', `${namespace}/workloads`, manifest(scenario, ports.get(scenario.name)!));
    }
    for (
      const untilMs = Date.now() + minutes * 60_000;
      Date.now() < untilMs;
      await wait(Math.min(300_000, Math.max(1, untilMs - Date.now())))
    )
      for (const { name } of scenarios)
        console.log(`${new Date().toISOString()} ${name}: ${await judged(name, api).then(({ leak }) => leak.verdict)}`);
    const found: Found[] = [];
    for (const scenario of scenarios) {
      const { leak } = await judged(scenario.name, api);
      const looksLike = leak.looksLike?.map(({ name, evidence }) => `**${name}**: ${evidence}`).join('; ') ?? '';
      const ended = await endOf(scenario, ports.get(scenario.name)!, api);
      found.push({ scenario, verdict: leak.verdict, looksLike, ended });
      console.log(`${scenario.title}: ${leak.verdict}; ${looksLike}; ${ended}`);
    }
    return found;
  } finally {
    for (const { name } of scenarios) await api.send('DELETE', `${namespace}/workloads/${name}`, {}).catch(() => {});
    for (let rest = 1; rest > 0; await wait(500)) rest = (await api.get<ApiList<Workload>>(`${namespace}/workloads`)).items.length;
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function judged(name: string, api: Api): Promise<WorkloadAnalysis> {
  return api.get<WorkloadAnalysis>(`${namespace}/workloads/${name}/analysis?windowSeconds=86400`);
}

function tableOf(found: readonly Found[], minutes: number): string {
  const rows = found.map(
    ({ scenario, verdict, looksLike, ended }) => `| ${scenario.title} | ${scenario.limit} | ${verdict} | ${looksLike} | ${ended} |`,
  );
  const model = cpus()[0]?.model ?? 'unknown';
  return (
    `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run oom-scenarios\`: ${minutes} minutes each, all at once, on ${cpus().length} cores (${model}), Node ${process.version}, load average ${loadavg()[0]?.toFixed(1)} at the end.\n\n` +
    `| scenario | limit | verdict after ${minutes} minutes | looks like | then driven to its end |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, write: { type: 'boolean', default: false } } });
  const minutes = Number(values.minutes);
  const table = tableOf(await run(minutes), minutes);
  console.log(table);
  if (!values.write) return;
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(/(<!-- live: begin -->\n)[^]*(<!-- live: end -->)/, (_whole, begin: string, end: string) => `${begin}\n${table}\n${end}`),
  );
}

if (import.meta.main) await main();
