import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { failedRequest, finishedAttempt, finishedRequest, finishedTarget } from '../sight/report.fixture.ts';
import { createTracing, traceTarget, type TracingOptions } from './index.ts';
import { parseTraceParent } from './spans.ts';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: Pick<SentSpan, 'attributes'>;
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** An OTLP receiver as a collector is one. */
/** @param status 0 for one that never answers */
async function receiver(t: TestContext, status = 200) {
  const bodies: Sent[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      headers.push(request.headers);
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Sent);
      if (status > 0) response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const spans = (): SentSpan[] =>
    bodies.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
  return { url: `http://127.0.0.1:${port}/v1/traces`, headers, bodies, spans };
}

function tracingTo(url: string, options: Partial<TracingOptions> = {}) {
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }] });
  return { clock, lines, tracing: createTracing({ clock, log, url, ...options }) };
}

function attributesOf({ attributes }: Pick<SentSpan, 'attributes'>): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

const limited = new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'private words' } });

test('a request is one span with one below it for each attempt, at their times', async (t) => {
  const collector = await receiver(t);
  const { clock, tracing } = tracingTo(collector.url);
  tracing.finished(
    finishedRequest({
      attempts: [
        finishedAttempt({ error: limited, startedMs: 5, durationMs: 20, usage: undefined, costNanoUsd: undefined }),
        finishedAttempt({ target: finishedTarget('other/small', { key: '2' }), startedMs: 40, durationMs: 60.5, firstOutputMs: 30 }),
      ],
      requestedModel: 'fast',
      totalMs: 101,
      stream: true,
    }),
  );
  await tracing.close();
  const [request, first, second, ...more] = collector
    .spans()
    .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
  assert.deepEqual(more, []);
  assert.ok(request && first && second);
  assert.deepEqual([request.name, first.name, second.name], ['chat fast', 'chat large', 'chat small']);
  // As the protocol counts: 2 is a server, 3 a client.
  assert.deepEqual([request.kind, first.kind, second.kind], [2, 3, 3]);
  assert.deepEqual([first.parentSpanId, second.parentSpanId], [request.spanId, request.spanId]);
  assert.equal(new Set([request.traceId, first.traceId, second.traceId]).size, 1);
  const endNs = BigInt(clock.now()) * 1_000_000n;
  assert.deepEqual([request.startTimeUnixNano, request.endTimeUnixNano], [String(endNs - 101_000_000n), String(endNs)]);
  assert.equal(BigInt(second.endTimeUnixNano) - BigInt(second.startTimeUnixNano), 60_500_000n);
});

test('the attributes are those of the conventions, and tokens are counted on attempts alone', async (t) => {
  const collector = await receiver(t);
  const { tracing } = tracingTo(collector.url);
  const target = finishedTarget('mistral/large');
  const place = { ...target, provider: { ...target.provider, origin: 'https://api.mistral.ai' } };
  tracing.finished(
    finishedRequest({
      attempts: [finishedAttempt({ target: place })],
      observed: { usage: undefined, finish: { type: 'finish', reason: 'toolCalls', providerReason: 'tool_calls' } },
    }),
  );
  await tracing.close();
  const [request, attempt] = collector.spans().toSorted((a, b) => a.kind - b.kind);
  const requestAttributes = attributesOf(request!);
  const attemptAttributes = attributesOf(attempt!);
  assert.deepEqual(
    {
      operation: attemptAttributes['gen_ai.operation.name'],
      provider: attemptAttributes['gen_ai.provider.name'],
      model: attemptAttributes['gen_ai.request.model'],
      input: Number(attemptAttributes['gen_ai.usage.input_tokens']),
      output: Number(attemptAttributes['gen_ai.usage.output_tokens']),
      address: attemptAttributes['server.address'],
      port: Number(attemptAttributes['server.port']),
    },
    { operation: 'chat', provider: 'mistral_ai', model: 'large', input: 10, output: 5, address: 'api.mistral.ai', port: 443 },
  );
  assert.equal(requestAttributes['openclaw.request.id'], 'req_1');
  assert.equal(requestAttributes['gen_ai.usage.input_tokens'], undefined);
  assert.match(JSON.stringify(requestAttributes['gen_ai.response.finish_reasons']), /tool_calls/);
  const resource = attributesOf(collector.bodies[0]!.resourceSpans[0]!.resource);
  assert.equal(resource['service.name'], 'openclaw');
});

test('a failure has its code, and never the words of the provider', async (t) => {
  const collector = await receiver(t);
  const { tracing } = tracingTo(collector.url);
  tracing.finished(failedRequest(limited));
  await tracing.close();
  for (const span of collector.spans()) {
    assert.deepEqual([span.status.code, span.status.message], [2, 'upstream_rate_limited']);
    assert.equal(attributesOf(span)['error.type'], 'upstream_rate_limited');
  }
  assert.equal(collector.spans().length, 2);
  assert.doesNotMatch(JSON.stringify(collector.bodies), /private words/);
});

test('an attempt that was called off is no failure', async (t) => {
  const collector = await receiver(t);
  const { tracing } = tracingTo(collector.url);
  tracing.finished(finishedRequest({ attempts: [finishedAttempt({ error: new OpenClawError('superseded'), cancelled: true })] }));
  await tracing.close();
  assert.ok(collector.spans().every(({ status }) => status.code === 0));
});

test('the trace of the caller goes on, and its word on sampling holds', async (t) => {
  const collector = await receiver(t);
  const { tracing } = tracingTo(collector.url, { sampleRatio: 0 });
  const traced = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const untraced = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  for (const traceparent of [traced, untraced]) tracing.finished(finishedRequest({ call: { headers: { traceparent } } }));
  tracing.finished(finishedRequest());
  await tracing.close();
  assert.deepEqual(
    collector.spans().map(({ traceId }) => traceId),
    ['0af7651916cd43dd8448eb211c80319c', '0af7651916cd43dd8448eb211c80319c'],
  );
  assert.equal(collector.spans().find(({ kind }) => kind === 2)?.parentSpanId, 'b7ad6b7169203331');
});

test('a traceparent that is not well formed counts as none', () => {
  for (const header of [
    undefined,
    '',
    'x',
    ['a', 'b'],
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
  ])
    assert.equal(parseTraceParent(header), undefined);
});

test('configured headers are sent', async (t) => {
  const collector = await receiver(t);
  const { tracing } = tracingTo(collector.url, { headers: { 'x-tenant': 'seven' } });
  tracing.finished(finishedRequest());
  await tracing.close();
  assert.equal(collector.headers[0]?.['x-tenant'], 'seven');
});

test('a collector that refuses or is not there is said in the log once, and nothing else happens', async (t) => {
  const refusing = await receiver(t, 400);
  const first = tracingTo(refusing.url);
  first.tracing.finished(finishedRequest());
  await first.tracing.close();
  assert.equal(first.lines.length, 1);
  assert.match(first.lines[0]!, /traces could not be sent/);
});

test('a collector that does not answer holds up no end', async (t) => {
  const silent = await receiver(t, 0);
  const { tracing, clock, lines } = tracingTo(silent.url);
  tracing.finished(finishedRequest());
  let closed = false;
  const closing = tracing.close().then(() => (closed = true));
  while (silent.bodies.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, false);
  clock.advance(1500);
  await closing;
  assert.match(lines.join(), /did not take the last ones in time/);
});

test('what cannot be made into a span is said in the log and touches no request', () => {
  const { tracing, lines } = tracingTo('http://127.0.0.1:1/v1/traces');
  const broken = { ...finishedRequest(), attempts: undefined } as unknown as Parameters<typeof tracing.finished>[0];
  tracing.finished(broken);
  assert.match(lines.join(), /traces could not be sent/);
});

test('traces go where the configuration says, else where the variables of OpenTelemetry say, else nowhere', () => {
  const variables = (values: Record<string, string>) => (name: string) => values[name];
  assert.equal(traceTarget({}, variables({})), undefined);
  assert.equal(traceTarget({}, variables({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318/' }))?.url, 'http://a:4318/v1/traces');
  const both = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/t' };
  assert.equal(traceTarget({}, variables(both))?.url, 'http://b/t');
  assert.deepEqual(traceTarget({ endpoint: 'http://c/t', sampleRatio: 0.5 }, variables(both)), {
    url: 'http://c/t',
    headers: {},
    sampleRatio: 0.5,
  });
});
