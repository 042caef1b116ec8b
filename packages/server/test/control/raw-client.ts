/** A client that says exactly what it is told and keeps what it hears, so that tests can break every rule. */
import { WebSocket } from 'ws';
import type { ClientDescription, ConnectParams, EventFrame, HelloOk, ResponseFrame } from '@openclaw/protocol';
import { testToken, type TestPlane } from './plane.ts';

export type Frame = EventFrame | ResponseFrame;

export interface End {
  readonly code: number;
  readonly reason: string;
}

export const testClient: ClientDescription = { id: 'test', version: '1.0.0', platform: 'linux', mode: 'test' };

export function connectParams(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { minProtocol: 4, maxProtocol: 4, client: testClient, scopes: [], auth: { token: testToken }, ...changes };
}

/** How long a test waits for what has to come before it says what came instead. */
const patienceMs = 10_000;

export class RawClient implements AsyncDisposable {
  readonly ws: WebSocket;
  /** Everything so far, in its order. */
  readonly frames: Frame[] = [];
  readonly ended: Promise<End>;
  end: End | undefined;
  readonly #waiting = new Set<() => void>();
  #lastId = 0;

  /** @param ca whose certificates are believed, with `wss` */
  constructor(url: string, headers: Record<string, string> = {}, ca?: string) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, headers, ...(ca === undefined ? {} : { ca }) });
    this.ws.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as Frame);
      this.#look();
    });
    this.ws.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        this.end = { code, reason: reason.toString() };
        resolve(this.end);
        this.#look();
      });
    });
  }

  /** The first frame, from the beginning, that passes. @throws if the connection ends before, or nothing comes in time */
  async find<T extends Frame>(passes: (frame: Frame) => frame is T): Promise<T>;
  async find(passes: (frame: Frame) => boolean): Promise<Frame>;
  async find(passes: (frame: Frame) => boolean): Promise<Frame> {
    await this.until(() => this.end !== undefined || this.frames.some(passes), 'the frame');
    const found = this.frames.find(passes);
    if (found === undefined) throw new Error(`closed with ${JSON.stringify(this.end)} after ${JSON.stringify(this.frames)}`);
    return found;
  }

  response(id: string): Promise<ResponseFrame> {
    return this.find((frame): frame is ResponseFrame => frame.type === 'res' && frame.id === id);
  }

  event(name: string): Promise<EventFrame> {
    return this.find((frame): frame is EventFrame => frame.type === 'event' && frame.event === name);
  }

  events(name: string): readonly EventFrame[] {
    return this.frames.filter((frame): frame is EventFrame => frame.type === 'event' && frame.event === name);
  }

  responses(id: string): readonly ResponseFrame[] {
    return this.frames.filter((frame): frame is ResponseFrame => frame.type === 'res' && frame.id === id);
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** @returns the id, unless one is given */
  ask(method: string, params?: unknown): string {
    this.#lastId += 1;
    const id = `${this.#lastId}`;
    this.send({ type: 'req', id, method, ...(params === undefined ? {} : { params }) });
    return id;
  }

  call(method: string, params?: unknown): Promise<ResponseFrame> {
    return this.response(this.ask(method, params));
  }

  /** Looks again after each frame and at the end of the connection. */
  async until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what} did not come; there is ${JSON.stringify(this.frames).slice(0, 2000)} ${JSON.stringify(this.end)}`));
      }, patienceMs);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ws.terminate();
    await this.ended;
  }
}

export interface Connected {
  readonly client: RawClient;
  readonly hello: HelloOk;
}

/** Through the handshake. */
export async function connectClient(plane: TestPlane, changes: Partial<ConnectParams> = {}): Promise<RawClient> {
  const { client } = await shakeHands(plane, changes);
  return client;
}

export async function shakeHands(
  plane: TestPlane,
  changes: Partial<ConnectParams> = {},
  headers: Record<string, string> = {},
): Promise<Connected> {
  const client = await open(plane, headers);
  const { ok, payload, error } = await client.call('connect', connectParams(changes));
  if (!ok) throw new Error(`refused: ${JSON.stringify(error)}`);
  return { client, hello: payload as HelloOk };
}

/** Opened, and challenged. */
export async function open(plane: TestPlane, headers: Record<string, string> = {}): Promise<RawClient> {
  const client = new RawClient(plane.url, headers);
  await client.event('connect.challenge');
  return client;
}

export function connectFrame(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'req', id: 'c', method: 'connect', params: connectParams(changes) };
}
