/**
 * A whole model path on the clock of a test, with providers that answer when they are told to and a database that keeps nothing, for
 * tests of settings that change while requests are under way.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { timeoutDefaults, type ModelsSettings, type ProviderSettings, type RouteSettings } from '../config/index.ts';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createLog } from '../core/log.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import type { Database } from '../storage/index.ts';
import type { ModelCall } from './call.ts';
import { BodyStream } from './http/body-stream.ts';
import type { HttpUpstream } from './http/http-upstream.ts';
import { createModelPath, type ModelPath, type ModelPathOptions } from './index.ts';
import type { SendOptions, UpstreamRequest, UpstreamResponse } from './upstream.ts';

export interface Wanted extends Partial<Omit<ModelsSettings, 'providers' | 'routes'>> {
  readonly providers: Readonly<Record<string, Own>>;
  /** Targets of each route, or all of it. */
  readonly routes?: Readonly<Record<string, readonly string[] | RouteSettings>>;
}

/** What is said of a provider; `undefined`: not even what it would have. */
type Own = { readonly [Name in keyof ProviderSettings]?: ProviderSettings[Name] | undefined };

/** Settings as they come from the configuration; of providers with an address of their own each. */
export function settingsOf({ providers, routes = {}, ...more }: Wanted): ModelsSettings {
  const provider = ([id, own]: [string, Own]): [string, ProviderSettings] => [
    id,
    {
      baseUrl: `http://${id}.test/v1`,
      api: 'openai-completions',
      apiKeys: [],
      headers: {},
      models: [],
      timeouts: timeoutDefaults,
      ...own,
    } as ProviderSettings,
  ];
  const route = ([name, own]: [string, readonly string[] | RouteSettings]): [string, RouteSettings] => [
    name,
    'targets' in own ? own : { strategy: 'priority', afterFirstToken: 'error', targets: own.map((model) => ({ model, weight: 1 })) },
  ];
  return {
    retry: { attempts: 3, baseDelayMs: 100, maxDelayMs: 1000, budgetPercent: 100 },
    breaker: { failures: 3, windowMs: 120_000, openMs: 60_000, errorPercent: 100, minimumRequests: 1000 },
    queue: { maxWaiting: 100, maxWaitMs: 30_000 },
    hedge: { enabled: false },
    cache: { enabled: false, ttlMs: 600_000, maxBytes: 2 ** 20, store: 'memory' },
    ...more,
    providers: Object.fromEntries(Object.entries(providers).map(provider)),
    routes: Object.fromEntries(Object.entries(routes).map(route)),
  };
}

/** One place at each target. */
export const oneAtOnce = { concurrency: { initial: 1, max: 1 } } as const;

/** One request that has reached a provider. */
export class Sent {
  readonly origin: string;
  readonly key: string | undefined;
  readonly headers: UpstreamRequest['headers'];
  readonly stream: boolean;
  open = true;
  readonly #head = Promise.withResolvers<UpstreamResponse>();
  readonly #options: SendOptions;
  readonly #body = new BodyStream({ pause: () => {}, resume: () => {}, cancel: () => this.#close() });
  readonly #onAbort = (): void => this.#fail(this.#options.signal.reason as OpenClawError);

  constructor({ origin, headers, body }: UpstreamRequest, options: SendOptions) {
    this.origin = origin;
    this.headers = headers;
    this.key = headers['authorization']?.replace('Bearer ', '');
    this.stream = body !== undefined && (JSON.parse(String(body)) as { readonly stream?: boolean }).stream === true;
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get response(): Promise<UpstreamResponse> {
    return this.#head.promise;
  }

  /** The whole answer, in the form that was asked for. */
  answer(text = 'well'): void {
    if (this.stream) {
      this.begin(text);
      this.end();
      return;
    }
    const message = { role: 'assistant', content: text };
    this.refuse(200, { choices: [{ index: 0, message, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1 } });
  }

  /** Head and first output of a stream. */
  begin(text: string): void {
    this.#head.resolve({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: this.#body });
    this.#push({ choices: [{ index: 0, delta: { content: text } }] });
  }

  end(): void {
    this.#push({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    this.#body.push(Buffer.from('data: [DONE]\n\n'));
    this.#finish();
  }

  /** An answer with this status. */
  refuse(status: number, body: object = { error: { message: 'it said so' } }): void {
    this.#head.resolve({ status, headers: { 'content-type': 'application/json' }, body: this.#body });
    this.#body.push(Buffer.from(JSON.stringify(body)));
    this.#finish();
  }

  #push(chunk: object): void {
    this.#body.push(Buffer.from(`data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', ...chunk })}\n\n`));
  }

  #finish(): void {
    this.#close();
    this.#body.end();
  }

  #fail(error: OpenClawError): void {
    this.#close();
    this.#head.reject(error);
    this.#body.fail(error);
  }

  #close(): void {
    this.open = false;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }
}

/** One client's request, and what it was told. */
export interface Asked {
  readonly events: readonly string[];
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly over: boolean;
  readonly done: Promise<void>;
  leave(): void;
}

export interface Scene extends AsyncDisposable {
  readonly models: ModelPath;
  readonly clock: FakeClock;
  readonly metrics: Metrics;
  /** What has reached providers, in its order. */
  readonly sent: readonly Sent[];
  /** Those that they have not answered yet. */
  open(): Sent[];
  /** Origins that connections are kept to, once the settings have changed. */
  readonly origins: readonly string[] | undefined;
  /** What the log says at `info` and above. */
  readonly logLines: readonly string[];
  /** What was sent until now is not looked at any more. */
  forgetSent(): void;
  ask(model: string, more?: { readonly stream?: boolean; readonly session?: string }): Asked;
  change(wanted: Wanted): Promise<void>;
}

export async function openScene(wanted: Wanted, options: Partial<ModelPathOptions> = {}): Promise<Scene> {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const sent: Sent[] = [];
  const logLines: string[] = [];
  let origins: readonly string[] | undefined;
  let asked = 0;
  const http: HttpUpstream = {
    send(request, sendOptions) {
      const one = new Sent(request, sendOptions);
      sent.push(one);
      return one.response;
    },
    figures: () => [],
    retain: (providers) => void (origins = providers.map(({ origin }) => origin)),
    shed: () => {},
    close: () => Promise.resolve(),
  };
  const models = createModelPath({
    ...{ settings: settingsOf(wanted), nestingDepthLimit: 32, keysFromEnvironment: [], checkKeys: false, database: nothingKept() },
    ...{ clock, metrics, http, random: () => 0.5 },
    log: createLog({ clock, level: 'info', format: 'json', destinations: [{ write: (line) => void logLines.push(line) }] }),
    ...options,
  });

  const ask: Scene['ask'] = (model, { stream = false, session } = {}) => {
    const seen = { events: [] as string[], status: undefined as number | undefined, text: '', headers: {}, over: false, leave: () => {} };
    let gone = (): void => {};
    const call: ModelCall = {
      ...{ requestId: `req_${(asked += 1)}`, dialect: 'openai-completions', operation: 'chat', timeoutMs: undefined },
      body: Buffer.from(JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'say well' }] })),
      headers: session === undefined ? {} : { 'x-openclaw-session': session },
      caller: { id: 'key_1', models: undefined },
      whenGone: (listener) => (gone = listener),
    };
    const done = models.service.serve(call, {
      head(status, headers) {
        seen.events.push('head');
        Object.assign(seen, { status, headers });
      },
      write(chunk) {
        seen.text += String(chunk);
        return true;
      },
      drained: () => Promise.resolve(),
      end(chunk) {
        seen.events.push('end');
        seen.text += String(chunk ?? '');
      },
    });
    const over = done.then(() => void (seen.over = true));
    return Object.assign(seen, { done: over, leave: () => gone() });
  };
  // The service and the catalogue are loaded with the first request.
  await ask('openclaw/rehearsal').done;
  return {
    ...{ models, clock, metrics, sent, logLines, ask },
    forgetSent: () => void sent.splice(0),
    open: () => sent.filter((one) => one.open),
    get origins() {
      return origins;
    },
    change: (next) => models.reconfigure({ settings: settingsOf(next), keysFromEnvironment: options.keysFromEnvironment ?? [] }),
    async [Symbol.asyncDispose]() {
      await models.close(new OpenClawError('draining'));
    },
  };
}

/** Lets everything that is set going come to rest. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await turnOfTheLoop();
}

function nothingKept(): Database {
  return {
    engine: 'sqlite',
    read: () => Promise.resolve([]),
    write: () => Promise.resolve(),
    changes: () => Promise.resolve([]),
    publish: () => Promise.resolve(),
    subscribe: () => () => {},
    check: () => Promise.resolve({ writable: true, bytes: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  };
}
