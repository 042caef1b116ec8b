/**
 * What the page asks of the gateway over HTTP: `/admin/v1`, `/health`, `/metrics`, and the API of workloads. Errors come as the catalogue words them.
 *
 * It keeps no answers: see `../live/use-live.ts`. What goes over the WebSocket: `../connection/connection.ts`.
 */

/** A failure that can be shown: what happened, and what to do. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  /** 0: the gateway was not reached. */
  readonly status: number;
  /** Of the error catalogue; `unreachable` where there was no answer. */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(
    message: string,
    about: { readonly status: number; readonly code: string; readonly hint?: string | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause: about.cause });
    this.status = about.status;
    this.code = about.code;
    this.hint = about.hint;
  }
}

export interface AdminOptions {
  /** Where the gateway is, with a slash at its end. */
  readonly baseUrl: string;
  /** What may be shown to the gateway, the best first; asked anew for each request. Empty where it wants nothing. */
  credentials(): readonly string[];
  readonly fetch?: typeof fetch;
}

export interface AdminRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Of the body. @default 'application/json' */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Statuses whose answers are what was asked for; others are errors. @default 200 to 299 */
  readonly statuses?: readonly number[];
}

export interface Admin {
  /** @throws AdminError; an abort as it is */
  json<T>(path: string, request?: AdminRequest): Promise<T>;
  /** @throws as `json` */
  text(path: string, request?: AdminRequest): Promise<string>;
}

export function createAdmin(options: AdminOptions): Admin {
  const send = options.fetch ?? fetch.bind(globalThis);
  /** What was accepted last goes first: a token that the gateway does not take must not be counted as a guess with each request. */
  let accepted: string | undefined;

  async function attempt(path: string, request: AdminRequest, credential: string | undefined): Promise<Response> {
    const { method = 'GET', body, contentType = 'application/json', signal } = request;
    const headers: Record<string, string> = { accept: 'application/json, text/plain' };
    if (credential !== undefined) headers['authorization'] = `Bearer ${credential}`;
    if (body !== undefined) headers['content-type'] = contentType;
    try {
      return await send(new URL(path.replace(/^\//, ''), options.baseUrl), {
        method,
        headers,
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new AdminError('The gateway does not answer.', { status: 0, code: 'unreachable', hint: 'It may be restarting.', cause });
    }
  }

  async function ask(path: string, request: AdminRequest): Promise<Response> {
    const known = options.credentials();
    const ordered = accepted !== undefined && known.includes(accepted) ? [accepted, ...known.filter((each) => each !== accepted)] : known;
    let response: Response | undefined;
    for (const credential of ordered.length === 0 ? [undefined] : ordered) {
      response = await attempt(path, request, credential);
      if (response.status === 401) continue;
      accepted = credential;
      break;
    }
    if (response && (request.statuses?.includes(response.status) ?? response.ok)) return response;
    throw await errorOf(response);
  }

  return {
    async json<T>(path: string, request: AdminRequest = {}): Promise<T> {
      return (await (await ask(path, request)).json()) as T;
    },
    text: async (path, request = {}) => (await ask(path, request)).text(),
  };
}

/** As `docs/errors.md` has it: OpenAI's shape with our additions. A proxy in between may say anything. */
async function errorOf(response: Response | undefined): Promise<AdminError> {
  const status = response?.status ?? 0;
  const text = (await response?.text().catch(() => '')) ?? '';
  const { message, code, hint } = readError(text);
  return new AdminError(message ?? `The gateway answered with status ${status}.`, { status, code: code ?? `http_${status}`, hint });
}

interface ErrorBody {
  readonly error?: { readonly message?: unknown; readonly code?: unknown };
  readonly openclaw?: { readonly code?: unknown; readonly hint?: unknown };
  /** Of a `Status`, in which the API of workloads refuses. */
  readonly message?: unknown;
  readonly reason?: unknown;
}

function readError(text: string): { message?: string | undefined; code?: string | undefined; hint?: string | undefined } {
  try {
    const { error, openclaw, ...status } = JSON.parse(text) as ErrorBody & { error?: { openclaw?: ErrorBody['openclaw'] } };
    if (error === undefined && openclaw === undefined) return { message: textOf(status.message), code: textOf(status.reason) };
    const ours = openclaw ?? error?.openclaw;
    const hint = textOf(ours?.hint);
    // For programs that show the message alone the hint is at its end too.
    const message = hint === undefined ? textOf(error?.message) : textOf(error?.message)?.replace(` ${hint}`, '');
    return { message, code: textOf(ours?.code) ?? textOf(error?.code), hint };
  } catch {
    // Not ours: a page of a proxy.
    return {};
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
