/**
 * What is compared: the mock itself ("direct"), two plain relays, OpenClaw started as an operator starts it, and Portkey when
 * `install-peers.ts` has put it there. All stand before the same mock.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peersDirectory } from './install-peers.ts';
import type { Target } from './load.ts';
import { freePort, type OwnedProcess, startCommand, startScript } from './processes.ts';

export type ContenderName = 'direct' | 'bare relay' | 'documented relay' | 'OpenClaw' | 'Portkey';

export interface Contender {
  readonly name: ContenderName;
  /** Starts a process of its own; the mock for `direct`, which is never started twice. */
  start(): Promise<OwnedProcess>;
  targetAt(port: number): Target;
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

/** Everything that is on by default stays on; only the provider and the token are given. */
function configFor(mock: OwnedProcess): object {
  const price = { input: 0.1, output: 0.4 };
  const provider = {
    baseUrl: `http://127.0.0.1:${mock.port}/v1`,
    api: 'openai-completions',
    apiKey: 'mock-key',
    models: [{ id: 'mock-model', cost: price }],
  };
  return { gateway: { auth: { mode: 'token', token } }, models: { providers: { mock: provider } } };
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

/** Starts gateways in homes of their own, with the compile cache that an earlier start has left, as with any start but the first. */
function warmStarter(mock: OwnedProcess): () => Promise<OwnedProcess> {
  let cacheDirectory: string | undefined;
  return async () => {
    if (cacheDirectory === undefined) {
      const first = newHome(mock);
      await (await startGateway(first)).stop(); // Node writes the cache when it ends.
      ({ cacheDirectory } = first);
    }
    return startGateway(newHome(mock, cacheDirectory));
  };
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

export function contendersBefore(mock: OwnedProcess): Contender[] {
  const plain = (name: ContenderName, extra: Partial<Target> = {}) => ({
    name,
    targetAt: (port: number): Target => ({
      name,
      port,
      path: completions,
      headers: { authorization: 'Bearer mock-key' },
      model: 'mock-model',
      ...extra,
    }),
  });
  const portkeyHeaders = {
    authorization: 'Bearer mock-key',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${mock.port}/v1`,
  };
  const all: Contender[] = [
    { ...plain('direct'), start: () => Promise.resolve(mock) },
    { ...plain('bare relay'), start: () => startScript('bare-relay.ts', [String(mock.port)]) },
    { ...plain('documented relay'), start: () => startScript('documented-relay.ts', [String(mock.port)]) },
  ];
  if (gatewayMissing() === undefined) {
    const openclaw = plain('OpenClaw', { headers: { authorization: `Bearer ${token}` }, model: 'mock/mock-model' });
    all.push({ ...openclaw, start: warmStarter(mock) });
  }
  if (portkeyMissing() === undefined) all.push({ ...plain('Portkey', { headers: portkeyHeaders }), start: startPortkey });
  return all;
}
