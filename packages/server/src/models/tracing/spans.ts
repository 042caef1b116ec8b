/**
 * A finished request as spans: one for the request, one below it for each attempt. Times and attributes only, never content.
 *
 * It knows nothing of OpenTelemetry's packages: `export.ts` makes their spans of these.
 */
import { outcomeOfAttempt } from '../sight/outcome.ts';
import type { AttemptReport, RequestReport } from '../report.ts';
import { attributes, finishReasons, operationNames, providerNames } from './conventions.ts';

export interface SpanRecord {
  readonly name: string;
  readonly kind: 'server' | 'client';
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** A code of the catalogue where it failed. */
  readonly error: string | undefined;
}

export interface RequestSpans {
  /** The `traceparent` of the caller, where it has a good one. */
  readonly parent: TraceParent | undefined;
  readonly request: SpanRecord;
  readonly attempts: readonly SpanRecord[];
}

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

type AttributeValue = string | number | boolean | string[];

/** Names come from clients. */
const nameLimit = 200;

/** @param endMs when the request was over, milliseconds since 1970 */
export function spansOf(request: RequestReport, endMs: number): RequestSpans {
  const { call, attempts, totalMs, requestedModel } = request;
  const startMs = endMs - totalMs;
  const operation = operationNames[call.operation];
  const model = requestedModel.slice(0, nameLimit);
  return {
    parent: parseTraceParent(call.headers['traceparent']),
    request: {
      name: model === '' ? operation : `${operation} ${model}`,
      kind: 'server',
      startMs,
      endMs,
      attributes: defined({ ...requestAttributes(request), [attributes.operation]: operation, [attributes.requestModel]: model }),
      error: request.outcome.kind === 'completed' ? undefined : request.outcome.error.code,
    },
    attempts: attempts.map((attempt) => attemptSpan(attempt, { request, startMs, operation })),
  };
}

function requestAttributes(request: RequestReport): Record<string, AttributeValue | undefined> {
  const { call, target, attempts, queueMs, costNanoUsd, stream, observed, outcome } = request;
  const session = call.headers['x-openclaw-session'];
  const reason = observed.finish && (finishReasons[observed.finish.reason] ?? observed.finish.reason);
  return {
    [attributes.requestId]: call.requestId,
    [attributes.caller]: call.caller.id,
    [attributes.dialect]: call.dialect,
    [attributes.requestStream]: stream,
    [attributes.target]: target?.name.slice(0, nameLimit),
    [attributes.attempts]: attempts.length,
    [attributes.queueMs]: queueMs,
    [attributes.cached]: request.cached,
    [attributes.costUsd]: costNanoUsd === undefined ? undefined : costNanoUsd / 1e9,
    [attributes.conversation]: typeof session === 'string' && session !== '' ? session.slice(0, nameLimit) : undefined,
    [attributes.finishReasons]: reason === undefined ? undefined : [reason],
    [attributes.errorType]: outcome.kind === 'completed' ? undefined : outcome.error.code,
  };
}

interface AttemptContext {
  readonly request: RequestReport;
  readonly startMs: number;
  readonly operation: string;
}

function attemptSpan(attempt: AttemptReport, { request, startMs, operation }: AttemptContext): SpanRecord {
  const { target, error, usage, costNanoUsd } = attempt;
  const model = target.model.slice(0, nameLimit);
  const { address, port } = placeOf(target.provider.origin);
  const outcome = outcomeOfAttempt(attempt);
  return {
    name: `${operation} ${model}`,
    kind: 'client',
    startMs: startMs + attempt.startedMs,
    endMs: startMs + attempt.startedMs + attempt.durationMs,
    attributes: defined({
      [attributes.operation]: operation,
      [attributes.provider]: providerNames[target.provider.id] ?? target.provider.id,
      [attributes.requestModel]: model,
      [attributes.requestStream]: request.stream,
      [attributes.serverAddress]: address,
      [attributes.serverPort]: port,
      [attributes.key]: target.key.id,
      [attributes.waitedMs]: attempt.waitedMs,
      [attributes.hedge]: attempt.hedge || undefined,
      [attributes.timeToFirstChunk]: request.stream && attempt.firstOutputMs !== undefined ? attempt.firstOutputMs / 1000 : undefined,
      [attributes.inputTokens]: usage?.input,
      [attributes.outputTokens]: usage?.output,
      [attributes.cacheReadTokens]: usage?.cacheRead || undefined,
      [attributes.cacheWriteTokens]: usage?.cacheWrite || undefined,
      [attributes.reasoningTokens]: usage?.reasoning || undefined,
      [attributes.costUsd]: costNanoUsd === undefined ? undefined : costNanoUsd / 1e9,
      [attributes.errorType]: outcome === 'completed' ? undefined : outcome,
    }),
    // Called off is no failure.
    error: outcome === 'cancelled' ? undefined : error?.code,
  };
}

/** Of a provider without an address (the rehearsal): nothing. */
function placeOf(origin: string | undefined): { address?: string; port?: number } {
  if (origin === undefined || !URL.canParse(origin)) return {};
  const { hostname, port, protocol } = new URL(origin);
  return hostname === '' ? {} : { address: hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

/** W3C Trace Context, version 00. What is not well formed is as good as absent. */
export function parseTraceParent(header: string | string[] | undefined): TraceParent | undefined {
  const match = typeof header === 'string' ? /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(header.trim()) : null;
  if (!match) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

function defined(values: Readonly<Record<string, AttributeValue | undefined>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined));
}
