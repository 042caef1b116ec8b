/**
 * The real command line `openclaw` from npm against this gateway: each command of `cases.ts`, its exit code and what it shows.
 *
 *     node bench/existing/install.ts && npm run test:compat [-- --write] [--only WORD]
 *
 * 650 MB, so it is no part of `npm test`. `--write` puts the table into `docs/compatibility.md`.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, createHash, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { textToSign, type Challenge } from '@openclaw/protocol';
import { WebSocket } from 'ws';
import { existingCommand, existingMissing, existingVersion } from '../../../../bench/existing/install.ts';
import { startProgram, type Program } from '../harness/program.ts';
import { compatCases, type CompatCase } from './cases.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } });
const page = new URL('../../../../docs/compatibility.md', import.meta.url);
const timeoutMs = 90_000;

interface Place {
  readonly url: string;
  /** Under an address that is not loopback, in the clear: for the devices of this suite. */
  readonly outside: string;
  /** The same over TLS: for the command line. */
  readonly remote: string;
  readonly certificateFile: string;
  readonly token: string;
  readonly home: string;
}

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

const token = 'the-token-of-the-suite';

interface Ours {
  readonly upstream: string;
  readonly tls: boolean;
}

async function startOurs(home: string, { upstream, tls }: Ours): Promise<Program> {
  const provider = { baseUrl: `${upstream}/v1`, api: 'openai-completions', apiKey: 'none-needed', models: [{ id: 'small' }] };
  const models = { providers: { local: provider }, routes: { default: { targets: ['local/small'] } } };
  await mkdir(join(home, '.openclaw'), { recursive: true });
  await writeFile(join(home, '.openclaw/openclaw.json'), JSON.stringify({ gateway: { bind: 'lan', tls: { enabled: tls } }, models }));
  return startProgram({ home, env: { OPENCLAW_GATEWAY_TOKEN: token } });
}

async function main(): Promise<number> {
  const missing = existingMissing();
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  await using upstream = await startUpstream();
  const home = await mkdtemp(join(tmpdir(), 'openclaw-compat-'));
  const rows: string[][] = [];
  {
    await using plain = await startOurs(join(home, 'plain'), { upstream: upstream.url, tls: false });
    await using secure = await startOurs(join(home, 'secure'), { upstream: upstream.url, tls: true });
    const ports = await Promise.all([plain, secure].map(async (program) => new URL((await program.ready()).url).port));
    const place: Place = {
      ...{ home, token, url: `ws://127.0.0.1:${ports[0]}`, outside: `ws://${addressOfMachine()}:${ports[0]}` },
      remote: `wss://${addressOfMachine()}:${ports[1]}`,
      certificateFile: join(home, 'secure/.openclaw/credentials/gateway-tls.crt'),
    };
    for (const one of compatCases) {
      if (!one.command.includes(values.only)) continue;
      const filled = await prepare(one, place);
      const outcome = await run(filled, one, place);
      const holds = outcome.code === (one.exit ?? 0) && one.shows.test(outcome.text);
      rows.push([
        `\`openclaw ${one.command.replace(' --url URL --token TOKEN', '')}\``,
        one.circumstances,
        String(outcome.code),
        shown(outcome, one),
        holds ? 'holds' : '**missed**',
      ]);
      console.log(`${holds ? 'holds ' : 'MISSED'} ${String(outcome.code)} openclaw ${filled}`);
      if (!holds) console.log(outcome.text.replaceAll(/^/gm, '    '));
    }
  }
  await rm(home, { recursive: true, force: true });
  if (values.write) await write(rows);
  return rows.every((row) => row.at(-1) === 'holds') ? 0 : 1;
}

/** The part of its output that the case is about, as a cell of a table. */
function shown({ text }: Outcome, { shows }: CompatCase): string {
  const line =
    text.split('\n').find((candidate) => shows.test(candidate)) ?? shows.exec(text)?.[0].split('\n')[0] ?? text.split('\n')[0] ?? '';
  const clean = line.replaceAll(/[│┃|]/g, ' ').replaceAll(/\s+/g, ' ').trim();
  return clean.length > 90 ? `${clean.slice(0, 89)}…` : clean;
}

async function prepare({ command, given }: CompatCase, place: Place): Promise<string> {
  let filled = command.replaceAll('URL', place.url).replaceAll('REMOTE', place.remote).replaceAll('TOKEN', place.token);
  if (given === undefined) return filled;
  const device = createDevice();
  // From elsewhere it has to ask; from this machine it is let in.
  const address = given === 'pending device' ? place.outside : place.url;
  const requestId = await connectDevice(device, address, place.token);
  filled = filled.replaceAll('REQUEST', requestId ?? '').replaceAll('DEVICE', device.id);
  return filled;
}

async function run(command: string, { token }: CompatCase, place: Place): Promise<Outcome> {
  const env = {
    ...{ HOME: join(place.home, 'theirs'), PATH: process.env['PATH'] ?? '', NO_COLOR: '1', COLUMNS: '200' },
    // It sends no credential in the clear to another machine, so there the gateway speaks TLS with a certificate of its own.
    NODE_EXTRA_CA_CERTS: place.certificateFile,
    OPENCLAW_GATEWAY_PORT: new URL(place.url).port,
    ...(token === 'none' ? {} : { OPENCLAW_GATEWAY_TOKEN: token === 'wrong' ? 'not-the-token' : place.token }),
  };
  const child = spawn(existingCommand, command.split(' '), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, text: stripVTControlCharacters(text) };
}

interface Device {
  readonly id: string;
  readonly publicKey: string;
  sign(text: string): string;
}

function createDevice(): Device {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return {
    id: createHash('sha256').update(raw).digest('hex'),
    publicKey: raw.toString('base64url'),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

/** @returns the id of its pairing request; undefined if it was let in */
function connectDevice(device: Device, url: string, token: string): Promise<string | undefined> {
  const socket = new WebSocket(url);
  const scopes = ['operator.read'];
  const client = { id: 'gateway-client', mode: 'ui', version: '1', platform: 'linux' } as const;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as {
        event?: string;
        payload?: Challenge;
        ok?: boolean;
        error?: { details?: { requestId?: string } };
      };
      if (frame.event === 'connect.challenge') {
        const { nonce, ts } = frame.payload as Challenge;
        const fields = {
          deviceId: device.id,
          clientId: client.id,
          clientMode: client.mode,
          role: 'operator',
          scopes,
          signedAtMs: ts,
          token,
          nonce,
        };
        const signature = device.sign(textToSign(3, { ...fields, platform: client.platform }));
        const proof = { id: device.id, publicKey: device.publicKey, signature, signedAt: ts, nonce };
        const params = { minProtocol: 4, maxProtocol: 4, client, role: 'operator', scopes, auth: { token }, device: proof };
        socket.send(JSON.stringify({ type: 'req', id: '1', method: 'connect', params }));
      } else if (frame.ok !== undefined) {
        socket.close();
        resolve(frame.error?.details?.requestId);
      }
    });
  });
}

/** A provider that answers every conversation with the same words. */
async function startUpstream(): Promise<AsyncDisposable & { readonly url: string }> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'text/event-stream');
    const chunk = (delta: object, reason: string | null): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'small', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
    response.end(`${chunk({ role: 'assistant', content: 'Hello from the route.' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) };
}

/** One under which this machine is not loopback. */
function addressOfMachine(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('this machine has no address but loopback, so nothing can come from elsewhere');
  return found.address;
}

async function write(rows: readonly (readonly string[])[]): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [begin, end] = ['<!-- compat: begin -->', '<!-- compat: end -->'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/compatibility.md has lost its markers');
  const head = `Run ${new Date().toISOString().slice(0, 10)} with \`openclaw@${existingVersion}\` by \`npm run test:compat -- --write\`.\n\n| command | circumstances | exit | shows | |\n|---|---|---|---|---|\n`;
  const table = rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
  await writeFile(page, `${text.slice(0, from + begin.length)}\n\n${head}${table}\n${text.slice(to)}`);
}

process.exitCode = await main();
