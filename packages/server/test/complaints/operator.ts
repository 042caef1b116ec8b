/** What an operator has: a home, a terminal in it, and devices that knock at a gateway. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Challenge, ConnectParams, HelloOk, WireError } from '@openclaw/protocol';
import type { TestDevice } from '../../src/access/devices/devices.fixture.ts';
import { RawClient } from '../control/raw-client.ts';
import { startProgram } from '../harness/program.ts';

export interface Home extends Disposable {
  readonly path: string;
}

export function createHome(): Home {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-operator-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `openclaw …` in this home, to its end. */
export async function openclaw(home: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  await using program = await startProgram({ home, args, env });
  const { code } = await program.exited();
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

/** A command that has to succeed, and what it says. */
export async function answerOf(home: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await openclaw(home, args, env);
  assert.equal(code, 0, `openclaw ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export interface Knock {
  readonly device: TestDevice;
  readonly auth: ConnectParams['auth'];
}

/** For a gateway that keeps its port while it moves from address to address. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** One connect of a device on this machine. */
export async function knock(url: string, { device, auth }: Knock): Promise<{ readonly hello?: HelloOk; readonly error?: WireError }> {
  await using client = new RawClient(url.replace('http', 'ws'));
  const { payload } = await client.event('connect.challenge');
  const params: ConnectParams = {
    ...{ minProtocol: 4, maxProtocol: 4, scopes: ['operator.read'], ...(auth ? { auth } : {}) },
    client: { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' },
  };
  const answer = await client.call('connect', device.prove(params, { challenge: payload as Challenge }));
  return { ...(answer.ok ? { hello: answer.payload as HelloOk } : {}), ...(answer.error ? { error: answer.error } : {}) };
}

const patienceMs = 30_000;

/** Looks until it holds: what is awaited comes from another process. @throws after half a minute */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const begunMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - begunMs > patienceMs) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await setImmediate();
  }
}

export async function statusOf(url: string, token?: string): Promise<number> {
  const response = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
  await response?.arrayBuffer().catch(() => undefined);
  return response?.status ?? 0;
}
