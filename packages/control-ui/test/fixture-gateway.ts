/**
 * A made-up gateway for looking at the page: the real page over real HTTP and WebSocket, with figures that move and nothing behind them.
 *
 * It checks no signature and keeps nothing. What the page does with the real gateway is tested in `packages/server/test`.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import { createFigures, type Figures } from './fixture-figures.ts';

export const fixtureToken = 'fixture-token';
const deviceToken = 'fixture-device-token';

/** What the page meets. `pairing` waits until `approve` is called. */
export type Scene = 'normal' | 'empty' | 'pairing' | 'rescue' | 'refused-configuration' | 'fresh-state';

export interface FixtureGateway extends AsyncDisposable {
  readonly url: string;
  scene: Scene;
  approve(): void;
  /** Ends every connection, as a restart does. */
  drop(): void;
}

const dist = join(import.meta.dirname, '..', 'dist');
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function startFixtureGateway(options: { readonly port?: number; readonly scene?: Scene } = {}): Promise<FixtureGateway> {
  const state = { scene: options.scene ?? 'normal', approved: false };
  const figures = createFigures(() => state.scene === 'empty');
  const server = createServer((request, response) => {
    answer(request, response, { figures, scene: state.scene }).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => greet(socket, state));
  await new Promise<void>((resolve) => void server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    get scene() {
      return state.scene;
    },
    set scene(scene) {
      state.scene = scene;
    },
    approve() {
      state.approved = true;
    },
    drop() {
      for (const socket of sockets.clients) socket.close(1012, 'service restart');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Situation {
  readonly figures: Figures;
  readonly scene: Scene;
}

async function answer(request: IncomingMessage, response: ServerResponse, { figures, scene }: Situation): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fixture');
  const method = request.method ?? 'GET';
  if (url.pathname === '/' || url.pathname.startsWith('/assets/')) {
    const file = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const content = await readFile(join(dist, file));
    response.writeHead(200, { 'content-type': contentTypes[extname(file)] ?? 'text/plain', 'content-security-policy': policy });
    response.end(content);
    return;
  }
  if (url.pathname === '/health') return sendJson(response, 200, figures.health(scene));
  if (![fixtureToken, deviceToken].some((each) => request.headers.authorization === `Bearer ${each}`)) {
    const openclaw = { code: 'invalid_credentials', hint: 'Use the gateway token.', retryable: false };
    return sendJson(response, 401, { error: { message: 'The credential is not one that this gateway knows.', openclaw } });
  }
  if (url.pathname === '/metrics') return void response.writeHead(200, { 'content-type': 'text/plain' }).end(figures.metrics());
  const found = figures.admin(method, url);
  sendJson(
    response,
    found === undefined ? 404 : 200,
    found ?? { error: { message: `There is nothing at ${url.pathname}.`, code: 'not_found' } },
  );
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

interface Frame {
  readonly id: string;
  readonly method: string;
  readonly params?: {
    readonly auth?: { readonly token?: string; readonly password?: string; readonly deviceToken?: string };
    readonly scopes?: string[];
  };
}

function greet(socket: WebSocket, state: { readonly scene: Scene; readonly approved: boolean }): void {
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  send({ type: 'event', event: 'connect.challenge', payload: { nonce: crypto.randomUUID(), ts: Date.now() } });
  socket.on('message', (data) => {
    const { id, method, params } = JSON.parse(String(data)) as Frame;
    if (method !== 'connect') {
      const payload = method === 'device.pair.list' ? { pending: state.scene === 'normal' ? [{}] : [], paired: [] } : undefined;
      send(
        payload ? { type: 'res', id, ok: true, payload } : refusal(id, { code: 'INVALID_REQUEST', message: `unknown method: ${method}` }),
      );
      return;
    }
    const error = refuse(params, state);
    if (error) {
      send(refusal(id, error));
      socket.close(1008, error.message);
    } else send({ type: 'res', id, ok: true, payload: hello(params?.scopes ?? [], state.scene) });
  });
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const refusal = (id: string, error: Refusal): object => ({ type: 'res', id, ok: false, error });

function refuse(params: Frame['params'], state: { readonly scene: Scene; readonly approved: boolean }): Refusal | undefined {
  const shown = params?.auth?.token ?? params?.auth?.password ?? params?.auth?.deviceToken;
  const about = (code: string): Record<string, unknown> => ({ code, recommendedNextStep: 'update_auth_credentials' });
  if (shown === undefined)
    return { code: 'INVALID_REQUEST', message: 'unauthorized: gateway token missing', details: about('AUTH_TOKEN_MISSING') };
  if (shown !== fixtureToken && shown !== deviceToken) {
    const message = "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)";
    return { code: 'INVALID_REQUEST', message, details: about('AUTH_TOKEN_MISMATCH') };
  }
  if (state.scene !== 'pairing' || state.approved) return undefined;
  const details = { code: 'PAIRING_REQUIRED', reason: 'not-paired', requestId: 'pair_01KAJ8W3Q2M5T7X9' };
  return { code: 'NOT_PAIRED', message: 'pairing required: device is not approved yet', details };
}

function hello(scopes: readonly string[], scene: Scene): object {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '0.1.0', connId: crypto.randomUUID() },
    features: { methods: ['health', 'device.pair.list'], events: ['tick', 'health'] },
    snapshot: {
      presence: [],
      health: {},
      stateVersion: { presence: 0, health: 0 },
      uptimeMs: 1000,
      stateId: scene === 'fresh-state' ? 'state-b' : 'state-a',
    },
    auth: { method: 'token', role: 'operator', scopes, deviceToken, issuedAtMs: Date.now() },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  };
}
