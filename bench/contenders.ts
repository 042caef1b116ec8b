/**
 * What is compared: the mock itself ("direct"), two plain relays, OpenClaw with everything on (started as an operator starts it, and
 * asked with a virtual key that has every kind of limit) and with everything off, and Portkey when `install-peers.ts` has put it
 * there. All stand before the same mock.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peersDirectory } from './install-peers.ts';
import type { Target } from './load.ts';
import { freePort, type OwnedProcess, startCommand, startScript } from './processes.ts';
import { plainWish, requestBody } from './script.ts';

export type ContenderName = 'direct' | 'bare relay' | 'documented relay' | 'OpenClaw' | 'everything off' | 'Portkey';

export interface Contender {
  readonly name: ContenderName;
  /** Starts a process of its own; the mock for `direct`, which is never started twice. */
  start(): Promise<OwnedProcess>;
  targetAt(port: number): Target;
  /** The same model behind a provider that speaks another format than the client. Absent where nothing is translated. */
  translatedAt?(port: number): Target;
}

export interface Home {
  readonly directory: string;
  readonly stateDirectory: string;
  /** Where Node keeps what it has compiled. */
  readonly cacheDirectory: string;
}

const launcher = join(import.meta.dirname, '..', 'openclaw');
const portkeyScript = join(peersDirectory, 'node_modules/@portkey-ai/gateway/build/start-server.js');
const token = 'bench-token-0123456789abcdef0123456789abcdef';
const completions = '/v1/chat/completions';

const scratch = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
let homes = 0;

/** A home that nothing has started in yet. Its compile cache is its own, and so empty, or that of an earlier one. */
export function newHome(mock: OwnedProcess, cacheDirectory?: string): Home {
  homes += 1;
  const directory = join(scratch, `home-${homes}`);
  const stateDirectory = join(directory, 'state');
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(configFor(mock), null, 2), { mode: 0o600 });
  return { directory, stateDirectory, cacheDirectory: cacheDirectory ?? join(directory, 'cache') };
}

/**
 * Everything that is on by default stays on. Given are the token, the mock in two formats, and that it takes many requests at once:
 * else a burst of streams would wait while that is found out.
 */
function configFor(mock: OwnedProcess): object {
  const price = { input: 0.1, output: 0.4 };
  const provider = (api: string): object => ({
    baseUrl: `http://127.0.0.1:${mock.port}/v1`,
    api,
    apiKey: 'mock-key',
    concurrency: { initial: 1500, max: 2000 },
    models: [{ id: 'mock-model', cost: price }],
  });
  const providers = { mock: provider('openai-completions'), translated: provider('anthropic-messages') };
  return { gateway: { auth: { mode: 'token', token } }, models: { providers } };
}

/** `openclaw gateway run` in that home, with an environment that holds nothing of the caller's. */
export async function startGateway({ directory, stateDirectory, cacheDirectory }: Home): Promise<OwnedProcess> {
  const port = await freePort();
  const env = {
    HOME: directory,
    XDG_CACHE_HOME: cacheDirectory,
    OPENCLAW_STATE_DIR: stateDirectory,
    OPENCLAW_GATEWAY_PORT: String(port),
    OPENCLAW_GATEWAY_BIND: 'loopback',
    PATH: process.env['PATH'] ?? '',
  };
  return startCommand({ command: launcher, args: ['gateway', 'run'], port, readyPath: '/readyz', env });
}

/** A limit of each kind, so that all are reserved and settled with every request, and none so low that it is ever reached. */
const highLimits = { rpm: 1e9, tpm: 1e12, usdPerDay: 1e6, usdPerMonth: 1e6 };

/** A virtual key of the gateway on that port. */
async function createKey(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/admin/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ name: 'bench', ...highLimits }),
  });
  if (!answer.ok) throw new Error(`no key was made: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { key: string }).key;
}

/**
 * Starts gateways in homes of their own, with the compile cache that an earlier start has left, as with any start but the first. That
 * one has to have served a request: half of the program is loaded after the start, and would else be missing from the cache.
 */
function warmStarter(mock: OwnedProcess): () => Promise<OwnedProcess> {
  let cacheDirectory: string | undefined;
  return async () => {
    if (cacheDirectory === undefined) {
      const first = newHome(mock);
      await serveOnce(await startGateway(first));
      ({ cacheDirectory } = first);
    }
    return startGateway(newHome(mock, cacheDirectory));
  };
}

/** Has it serve a request and stops it: Node writes the cache of what it has compiled when it ends. */
export async function serveOnce(gateway: OwnedProcess): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${completions}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: requestBody('mock/mock-model', plainWish),
  });
  if (!answer.ok) throw new Error(`no answer: ${answer.status} ${await answer.text()}`);
  await answer.text();
  await gateway.stop();
}

/** Undefined when it can be started, else the reason in words. */
export function gatewayMissing(): string | undefined {
  if (!existsSync(launcher)) return `there is no ${launcher}`;
  const version = spawnSync(launcher, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  if (version.status === 0) return undefined;
  const complaint = version.stderr || String(version.error ?? '');
  return `'openclaw --version' failed: ${(/^.*Error.*$/m.exec(complaint)?.[0] ?? complaint).trim().slice(0, 300)}`;
}

export function portkeyMissing(): string | undefined {
  return existsSync(portkeyScript) ? undefined : "it is not installed; 'node bench/install-peers.ts' installs it";
}

export async function startPortkey(): Promise<OwnedProcess> {
  const port = await freePort();
  const env = { PATH: process.env['PATH'] ?? '', HOME: scratch, NODE_ENV: 'production' };
  return startCommand({ command: process.execPath, args: [portkeyScript, `--port=${port}`, '--headless'], port, readyPath: '/', env });
}

/** Each gateway that is started is asked with a virtual key of its own. */
function openclawBefore(mock: OwnedProcess): Contender {
  const keys = new Map<number, string>();
  const start = warmStarter(mock);
  const targetAt = (port: number, model: string): Target => {
    const headers = { authorization: `Bearer ${keys.get(port) ?? token}` };
    return { name: 'OpenClaw', port, path: completions, headers, model };
  };
  return {
    name: 'OpenClaw',
    async start() {
      const started = await start();
      keys.set(started.port, await createKey(started.port));
      return started;
    },
    targetAt: (port) => targetAt(port, 'mock/mock-model'),
    translatedAt: (port) => targetAt(port, 'translated/mock-model'),
  };
}

function plain(name: ContenderName, extra: Partial<Target> = {}): Pick<Contender, 'name' | 'targetAt'> {
  const headers = { authorization: 'Bearer mock-key' };
  return { name, targetAt: (port) => ({ name, port, path: completions, headers, model: 'mock-model', ...extra }) };
}

export function contendersBefore(mock: OwnedProcess): Contender[] {
  const portkeyHeaders = {
    authorization: 'Bearer mock-key',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${mock.port}/v1`,
  };
  const plainGateway = { ...plain('everything off'), start: () => startScript('plain-gateway.ts', [String(mock.port)]) };
  const all: Contender[] = [
    { ...plain('direct'), start: () => Promise.resolve(mock) },
    { ...plain('bare relay'), start: () => startScript('bare-relay.ts', [String(mock.port)]) },
    { ...plain('documented relay'), start: () => startScript('documented-relay.ts', [String(mock.port)]) },
  ];
  if (gatewayMissing() === undefined) all.push(openclawBefore(mock), plainGateway);
  if (portkeyMissing() === undefined) all.push({ ...plain('Portkey', { headers: portkeyHeaders }), start: startPortkey });
  return all;
}
