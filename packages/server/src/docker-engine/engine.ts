/**
 * A client of the Docker Engine over its socket: each call bounded in time or ended by its signal.
 *
 * It knows HTTP and the version of the API, and nothing of what containers are for. What an answer means is for those who asked.
 */
import { Agent, type ClientRequest, request, type IncomingMessage } from 'node:http';
import { reasonOf } from '../core/errors.ts';

export interface EngineCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** What the engine refused, or that it did not answer: then there is no status. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number | undefined;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
  }
}

export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
}

/** The first version that has all that is asked for: Docker 20.10. Newer engines are asked for their own oldest. */
const apiVersion = '1.41';
/** Starting a container on a busy machine takes seconds. */
const answerLimitMs = 60_000;
const versionLimitMs = 3000;
const mostAnswerBytes = 32 * 2 ** 20;
const mostConnections = 16;

/** A socket of this machine by its path, or an address of another one. */
export type EnginePlace = string | { readonly host: string; readonly port: number };

export class Engine {
  readonly #place: EnginePlace;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: 2, timeout: answerLimitMs });
  readonly #open = new Set<ClientRequest>();
  #prefix: Promise<string> | undefined;

  constructor(place: EnginePlace) {
    this.#place = place;
  }

  async version(): Promise<EngineVersion> {
    const call = { method: 'GET', path: '/version', signal: AbortSignal.timeout(versionLimitMs) } as const;
    return (await readJson(await this.#send(call, '', this.#agent))) as EngineVersion;
  }

  /** The answer as data; undefined where it is empty. @throws EngineError */
  async json(call: EngineCall): Promise<unknown> {
    const signal = AbortSignal.any([AbortSignal.timeout(answerLimitMs), ...(call.signal === undefined ? [] : [call.signal])]);
    return readJson(await this.#send({ ...call, signal }, await this.#versionPrefix(), this.#agent));
  }

  /** The answer as it comes. Whoever asks ends it, by the signal or by destroying it. @throws EngineError */
  async stream(call: EngineCall & { readonly signal: AbortSignal }): Promise<IncomingMessage> {
    return this.#send(call, await this.#versionPrefix(), false);
  }

  /** Ends all that is under way. */
  close(): void {
    for (const call of this.#open) call.destroy();
    this.#agent.destroy();
  }

  #versionPrefix(): Promise<string> {
    this.#prefix ??= this.version().then(prefixOf);
    this.#prefix.catch(() => {
      // Whoever waits for it is told; the next one asks again.
      this.#prefix = undefined;
    });
    return this.#prefix;
  }

  async #send({ method, path, query, body, signal }: EngineCall, prefix: string, agent: Agent | false): Promise<IncomingMessage> {
    const words = new URLSearchParams(Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]));
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = request({
      ...(typeof this.#place === 'string' ? { socketPath: this.#place } : this.#place),
      ...{ agent, method },
      path: `${prefix}${path}${words.size === 0 ? '' : `?${words.toString()}`}`,
      headers: {
        host: 'docker',
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    this.#open.add(outgoing);
    outgoing.on('close', () => this.#open.delete(outgoing));
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(payload);
    try {
      const response = await promise;
      const status = response.statusCode ?? 500;
      if (status < 400) return response;
      throw new EngineError(await readRefusal(response), { status });
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      if (signal?.reason instanceof DOMException && signal.reason.name === 'TimeoutError')
        throw new EngineError(`Docker does not answer in time at ${addressOf(this.#place)}`, { cause: thrown });
      signal?.throwIfAborted();
      throw new EngineError(`no Docker answers at ${addressOf(this.#place)}: ${reasonOf(thrown)}`, { cause: thrown });
    }
  }
}

/** For people. */
export function addressOf(place: EnginePlace): string {
  return typeof place === 'string' ? place : `${place.host}:${place.port}`;
}

/** Whether the engine said that there is no such thing. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.status === 404;
}

/** Whether the engine said that it is in another state than that: not running, a name that is taken. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.status === 409;
}

function prefixOf({ Version, ApiVersion, MinAPIVersion = apiVersion }: EngineVersion): string {
  if (isOlder(ApiVersion, apiVersion))
    throw new EngineError(
      `Docker ${Version} is too old: it speaks version ${ApiVersion} of its API, and ${apiVersion} (Docker 20.10) is needed`,
    );
  return `/v${isOlder(apiVersion, MinAPIVersion) ? MinAPIVersion : apiVersion}`;
}

function isOlder(one: string, other: string): boolean {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [one, other].map((text) => text.split('.').map(Number)) as [
    number[],
    number[],
  ];
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostAnswerBytes) throw new EngineError('its answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response);
  return text.trim() === '' || response.headers['content-type']?.startsWith('application/json') !== true ? undefined : JSON.parse(text);
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  const text = await readText(response);
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message.trim();
  } catch {
    // Not in its usual form: told as it is.
  }
  return text.trim() === '' ? `it answered with the status ${response.statusCode}` : text.trim();
}
