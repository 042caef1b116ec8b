/** A whole gateway inside the test's process, on a free port, with a state directory of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '../../src/compose/index.ts';
import { createConfigurationKeeper, type ConfigurationKeeper } from '../../src/config/index.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { readEnvironment } from '../../src/core/env.ts';
import { createLog, type LogThreshold } from '../../src/core/log.ts';
import { createMetrics, type Metrics } from '../../src/core/metrics.ts';
import { createRedactor } from '../../src/core/redact.ts';
import { knownProviders } from '../../src/models/index.ts';

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly stateDirectory: string;
  readonly running: RunningGateway;
  readonly keeper: ConfigurationKeeper;
  readonly metrics: Metrics;
  /** Lines of the log so far, parsed. */
  readonly logLines: Record<string, unknown>[];
  /** `fetch` with the token. */
  request(
    path: string,
    init?: Omit<RequestInit, 'headers'> & { readonly json?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Response>;
}

export interface TestGatewayOptions {
  readonly settings?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  readonly logLevel?: LogThreshold;
  /** Ask providers whether their keys are good. Off, because most tests count what a provider is asked. @default false */
  readonly checkKeys?: boolean;
  /** Of the whole gateway; the network keeps real time. @default the system's */
  readonly clock?: Clock;
  /** Edits of the file are taken up. @default false */
  readonly followsConfiguration?: boolean;
  /** Starts on an existing state directory, which is kept at the end. */
  readonly stateDirectory?: string;
}

export const testToken = 'test-token-of-the-gateway';

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const stateDirectory = options.stateDirectory ?? (await mkdtemp(join(tmpdir(), 'openclaw-gateway-')));
  const settings = options.settings ?? {};
  await writeFile(join(stateDirectory, 'openclaw.json'), JSON.stringify(settings));
  const environment = readEnvironment({
    env: {
      HOME: stateDirectory,
      OPENCLAW_STATE_DIR: stateDirectory,
      OPENCLAW_GATEWAY_TOKEN: testToken,
      OPENCLAW_GATEWAY_PORT: '0',
      ...options.environment,
    },
    secretsDirectory: join(stateDirectory, 'no-secrets'),
  });
  const keeper = await createConfigurationKeeper({ environment, vendors: knownProviders, clock: systemClock });
  const configuration = keeper.current;
  if (!configuration) throw keeper.status.problem ?? new Error('the settings of the test do not hold');
  const logLines: Record<string, unknown>[] = [];
  const redactor = createRedactor([...configuration.secrets.values()]);
  const metrics = createMetrics();
  const log = createLog({
    metrics,
    clock: systemClock,
    level: options.logLevel ?? 'info',
    redactor,
    destinations: [{ write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>), format: 'json' }],
  });
  const { checkKeys = false, clock = systemClock } = options;
  const running = await startGateway({ keeper, rescue: configuration, log, redactor, metrics, clock, checkKeys });
  if (options.followsConfiguration) keeper.start(log);
  return {
    url: running.url,
    token: testToken,
    stateDirectory,
    running,
    keeper,
    metrics,
    logLines,
    request(path, init = {}) {
      const { json, headers, ...rest } = init;
      const body = json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) };
      return fetch(`${running.url}${path}`, { ...body, ...rest, headers: { authorization: `Bearer ${testToken}`, ...headers } });
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await keeper.close();
      if (options.stateDirectory === undefined) await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

/** The formats that a test's provider may speak. */
export type Api = 'openai-completions' | 'openai-responses' | 'anthropic-messages';

/** Those that no client speaks. */
export type ProviderApi = 'google-generative-ai' | 'bedrock-converse-stream' | 'ollama';

/** Room for what a test does on purpose: hundreds of failures and retries in a row. Tests of the limits themselves set their own. */
const roomy = {
  concurrency: { initial: 100, max: 1000 },
  breaker: { failures: 10_000, minimumRequests: 10_000 },
  budgetPercent: 100,
};

/** Settings with one provider `acme` at `baseUrl`. */
export function acme(
  baseUrl: string,
  api: Api | ProviderApi = 'openai-completions',
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    models: {
      providers: {
        acme: {
          ...{ baseUrl, api, apiKey: 'acme-key-of-the-provider', models: [{ id: 'large', cost: { input: 1, output: 2 } }] },
          ...{ concurrency: roomy.concurrency, ...more },
        },
      },
      retry: { baseDelayMs: 1, maxDelayMs: 50, attempts: 3, budgetPercent: roomy.budgetPercent },
      breaker: roomy.breaker,
    },
  };
}
