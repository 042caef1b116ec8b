/**
 * Sends spans by OTLP over HTTP, with OpenTelemetry's own SDK: batches, bounded, tried again. Loading it takes a tenth of a second
 * and 20 MB, so only `index.ts` imports it, and only where traces are wanted.
 *
 * Nothing is registered globally: another library in this process does not send through it.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type HrTime, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { version } from '../../version.ts';
import type { RequestSpans, SpanRecord } from './spans.ts';

export interface SpanExport {
  send(spans: RequestSpans): void;
  /** Sends what waits, within the limit of one export. */
  close(): Promise<void>;
}

export interface SpanExportOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sampleRatio: number;
  readonly batchDelayMs: number;
  readonly onFailure: (error: Error | undefined) => void;
}

/** With its tries. A collector is near; and what still tries when the gateway has stopped keeps the process. */
const exportTimeoutMs = 2000;
const queueLimit = 2048;
const batchLimit = 512;

export function createSpanExport({ url, headers, sampleRatio, batchDelayMs, onFailure }: SpanExportOptions): SpanExport {
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'openclaw', 'service.version': version })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watched(exporter, onFailure),
        maxQueueSize: queueLimit,
        maxExportBatchSize: batchLimit,
        scheduledDelayMillis: batchDelayMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  const tracer = provider.getTracer('openclaw', version);
  return {
    send({ parent, request, attempts }) {
      const above = parent
        ? trace.setSpanContext(ROOT_CONTEXT, { traceId: parent.traceId, spanId: parent.spanId, traceFlags: parent.flags, isRemote: true })
        : ROOT_CONTEXT;
      const within = record(tracer, request, above);
      for (const attempt of attempts) record(tracer, attempt, within);
    },
    close: () => provider.shutdown(),
  };
}

/** @returns the context in which its children stand */
function record(tracer: Tracer, { name, kind, startMs, endMs, attributes, error }: SpanRecord, above: Context): Context {
  const options = {
    kind: kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT,
    startTime: timeOf(startMs),
    attributes: { ...attributes },
  };
  const span = tracer.startSpan(name, options, above);
  // The code alone: a provider's words may repeat what it was sent.
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end(timeOf(Math.max(startMs, endMs)));
  return trace.setSpan(above, span);
}

/** Seconds and nanoseconds: a plain number would be guessed to be either of two clocks. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

function watched(exporter: SpanExporter, onFailure: (error: Error | undefined) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        // 0 is success.
        if (result.code !== 0) onFailure(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
