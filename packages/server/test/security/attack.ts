/** What attackers have: raw sockets, headers of their own making, devices and credentials of every kind. It asserts nothing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Challenge, ConnectParams, HelloOk, WireError } from '@openclaw/protocol';
import { createTestDevice, type TestDevice } from '../../src/access/devices/devices.fixture.ts';
import { RawClient } from '../control/raw-client.ts';
import { testToken, type TestGateway } from '../harness/gateway.ts';

export { createTestDevice };

/** As a proxy in front passes on what comes from elsewhere. */
export const elsewhere = { 'x-forwarded-for': '203.0.113.7' } as const;

export interface Knock {
  /** `id/mode`. @default 'cli/cli' */
  readonly client?: string;
  readonly role?: 'operator' | 'node';
  readonly device?: TestDevice;
  /** @default the gateway's token */
  readonly auth?: ConnectParams['auth'];
  /** @default operator.read */
  readonly scopes?: readonly string[];
  readonly headers?: Record<string, string>;
  /** Whose certificates are believed, with `https`. */
  readonly ca?: string;
}

export interface Outcome extends AsyncDisposable {
  readonly client: RawClient;
  readonly hello: HelloOk | undefined;
  readonly error: WireError | undefined;
  /** `method [scopes]` of who was let in, else `details.code`, else the message. */
  readonly result: string;
  /** What the gateway gave this device. */
  readonly deviceToken: string;
}

/** Through the handshake, or as far as it goes. */
export async function knock(gateway: Pick<TestGateway, 'url'>, wanted: Knock = {}): Promise<Outcome> {
  const { device, auth = { token: testToken }, scopes = ['operator.read'], headers, role, client: name = 'cli/cli', ca } = wanted;
  const [id, mode] = name.split('/') as [ConnectParams['client']['id'], ConnectParams['client']['mode']];
  const client = new RawClient(gateway.url.replace(/^http/, 'ws'), headers, ca);
  const { payload } = await client.event('connect.challenge');
  const params: ConnectParams = {
    ...{ minProtocol: 4, maxProtocol: 4, scopes, auth, client: { id, mode, version: '1.0.0', platform: 'linux' } },
    ...(role === undefined ? {} : { role }),
  };
  const answer = await client.call('connect', device ? device.prove(params, { challenge: payload as Challenge }) : params);
  const hello = answer.ok ? (answer.payload as HelloOk) : undefined;
  return {
    ...{ client, hello, error: answer.error },
    result: hello
      ? `${hello.auth.method} [${hello.auth.scopes.join(' ')}]`
      : String(answer.error?.details?.['code'] ?? answer.error?.message),
    deviceToken: hello?.auth.deviceToken ?? '',
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** A device that this machine was let in with, for these scopes, and its token. */
export async function pair(gateway: TestGateway, scopes: readonly string[]): Promise<{ device: TestDevice; deviceToken: string }> {
  const device = createTestDevice();
  await using outcome = await knock(gateway, { device, scopes });
  if (outcome.deviceToken === '') throw new Error(`was not paired: ${outcome.result}`);
  return { device, deviceToken: outcome.deviceToken };
}

export interface Exchanged {
  /** All that came, as it came. */
  readonly text: string;
  /** Of the first answer; 0 where there was none. */
  readonly status: number;
  /** How many answers came. */
  readonly answers: number;
}

export interface ExchangeOptions {
  /** Closes the connection once nothing has come for so long after something did. @default 150 */
  readonly quietMs?: number;
  /** Gives up. @default 5000 */
  readonly patienceMs?: number;
}

/** Sends these bytes as they are, and reads until the other side closes or falls silent. */
export function exchange(url: string, bytes: string | Buffer, options: ExchangeOptions = {}): Promise<Exchanged> {
  const { quietMs = 150, patienceMs = 5000 } = options;
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    const chunks: Buffer[] = [];
    let quiet: NodeJS.Timeout | undefined;
    const patience = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), quietMs);
    });
    // A reset is an answer too.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(patience);
      clearTimeout(quiet);
      const text = Buffer.concat(chunks).toString('latin1');
      const heads = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
      resolve({ text, status: Number(heads[0]?.slice(-3) ?? 0), answers: heads.length });
    });
    socket.write(bytes);
  });
}

/** A request of HTTP/1.1 with exactly these lines. */
export function lines(...given: readonly string[]): string {
  return `${given.join('\r\n')}\r\n\r\n`;
}

/** An address of this machine that is not loopback; undefined where it has none. */
export function outerAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

export interface FoundFile {
  readonly path: string;
  readonly mode: number;
  readonly isDirectory: boolean;
}

export function filesBelow(directory: string): FoundFile[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path, mode: statSync(path).mode & 0o777, isDirectory: entry.isDirectory() };
  });
}

/** Files below the directory whose bytes hold one of these texts, by `file: text`. */
export function findTexts(directory: string, texts: readonly string[]): string[] {
  return filesBelow(directory)
    .filter(({ isDirectory }) => !isDirectory)
    .flatMap(({ path }) => {
      const bytes = readFileSync(path);
      return texts.filter((text) => bytes.includes(text)).map((text) => `${path.slice(directory.length)}: ${text}`);
    });
}

/** A title of a test for what was once published about a gateway. The ids stand in `docs/advisories.md`. */
export function advisory(ids: string, title: string): string {
  return `${ids}: ${title}`;
}
