/**
 * Traces for OpenTelemetry, where the operator wants them: made of finished requests, after the answer, and sent in batches.
 *
 * Whatever goes wrong with them is said in the log once a minute and touches no request. It follows a caller's trace (`traceparent`)
 * and does not hand it on to providers.
 */
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { RequestReport } from '../report.ts';
import type { SpanExport } from './export.ts';
import { spansOf, type RequestSpans } from './spans.ts';

export interface Tracing {
  finished(request: RequestReport): void;
  /** Sends what waits; gives up on a collector that does not take it at once. */
  close(): Promise<void>;
}

export interface TracingOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The whole address (`http://127.0.0.1:4318/v1/traces`). */
  readonly url: string;
  /** @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Share of requests that are traced; one that its caller traces is traced as the caller says. @default 1 */
  readonly sampleRatio?: number;
  /** How long a span waits for company. @default 5000 */
  readonly batchDelayMs?: number;
}

export const tracingDefaults = { headers: {}, sampleRatio: 1, batchDelayMs: 5000 } as const;

const complainEveryMs = 60_000;
/** A gateway that stops has drained already, and whoever stopped it waits. */
const closeLimitMs = 1500;
/** Requests that are over before the SDK is loaded. */
const earlyLimit = 500;

export function createTracing(options: TracingOptions): Tracing {
  const { clock, log, url, headers, sampleRatio, batchDelayMs } = { ...tracingDefaults, ...options };
  let early: RequestSpans[] = [];
  let sender: SpanExport | undefined;
  let complainedMs = -Infinity;

  const onFailure = (error: unknown): void => {
    if (clock.monotonicMs() - complainedMs < complainEveryMs) return;
    complainedMs = clock.monotonicMs();
    log.warn('traces could not be sent', { url, reason: error === undefined ? 'no reason was given' : reasonOf(error) });
  };

  const loaded = import('./export.ts').then(
    ({ createSpanExport }) => {
      sender = createSpanExport({ url, headers, sampleRatio, batchDelayMs, onFailure });
      for (const spans of early) sender.send(spans);
      early = [];
    },
    (thrown: unknown) => log.error('traces are off: OpenTelemetry could not be loaded', { error: thrown }),
  );

  return {
    finished(request) {
      try {
        const spans = spansOf(request, clock.now());
        if (sender) sender.send(spans);
        else if (early.length < earlyLimit) early.push(spans);
      } catch (thrown) {
        onFailure(thrown);
      }
    },
    async close() {
      await loaded;
      if (!sender) return;
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(closeLimitMs, () => {
        onFailure(new Error('the collector did not take the last ones in time'));
        resolve();
      });
      await Promise.race([sender.close().catch(onFailure), late]);
      timer.cancel();
    },
  };
}

/** Where traces go, and which. */
export type TraceTarget = Pick<TracingOptions, 'url' | 'headers' | 'sampleRatio'>;

/** As far as it is about where traces go: `telemetry.traces` in the configuration. */
export interface TraceSettings {
  readonly endpoint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly sampleRatio?: number | undefined;
}

/**
 * Where to send traces; `undefined` for nowhere. The configuration wins over OpenTelemetry's own variables.
 * @param variable the value of an environment variable
 */
export function traceTarget(settings: TraceSettings, variable: (name: string) => string | undefined): TraceTarget | undefined {
  const base = variable('OTEL_EXPORTER_OTLP_ENDPOINT');
  const fromVariables = variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  const url = settings.endpoint ?? fromVariables;
  if (url === undefined || !URL.canParse(url)) return undefined;
  return { url, headers: settings.headers ?? tracingDefaults.headers, sampleRatio: settings.sampleRatio ?? tracingDefaults.sampleRatio };
}
