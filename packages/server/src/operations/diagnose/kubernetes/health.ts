/** The probe of a container that matters for its end, with what events say of it. */
import type { JsonObject } from '../../../core/json.ts';
import { listOf, objectOf, positiveOf, textOf, textsOf } from '../answers.ts';
import type { Happening, Health } from '../evidence.ts';

const kinds = ['liveness', 'startup', 'readiness'] as const;
const said = /^(?<kind>Liveness|Startup|Readiness) probe (?:failed|errored): ?(?<output>[\s\S]*)/i;
/** Kubernetes tells of a failed probe again and again, as long as it fails. */
const recentMs = 10 * 60_000;
const defaults = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 };

/** Of the probes that failed the one that ends a container, else the first that there is. */
export function healthOfProbes(container: JsonObject, events: readonly Happening[], atMs: number): Health | undefined {
  const failures = events.flatMap((event) => {
    const { kind, output } = (event.action === 'Unhealthy' ? said.exec(event.message)?.groups : undefined) ?? {};
    return kind === undefined ? [] : [{ kind: kind.toLowerCase(), output: (output ?? '').trim(), event }];
  });
  const there = kinds.filter((kind) => container[`${kind}Probe`] !== undefined || failures.some((failure) => failure.kind === kind));
  const kind = there.find((each) => each !== 'readiness' && failures.some((failure) => failure.kind === each)) ?? there[0];
  if (kind === undefined) return undefined;
  const probe = objectOf(container[`${kind}Probe`]);
  const own = failures.filter((failure) => failure.kind === kind);
  const last = own.at(-1);
  const seconds = (name: keyof typeof defaults): number => positiveOf(probe[name]) ?? defaults[name];
  const isFailing = last !== undefined && atMs - last.event.atMs < recentMs;
  const streak = isFailing ? own.reduce((sum, { event }) => sum + event.count, 0) : 0;
  return {
    ...{ kind, check: checkOf(probe, container) },
    status: isFailing ? 'unhealthy' : own.length > 0 ? 'none' : 'healthy',
    ...{ intervalMs: seconds('periodSeconds') * 1000, timeoutMs: seconds('timeoutSeconds') * 1000, retries: seconds('failureThreshold') },
    startPeriodMs: startPeriodOf(container, probe),
    failingStreak: streak,
    results: own.map(({ output, event }) => ({ startedAtMs: event.atMs, endedAtMs: event.atMs, exitCode: 1, output })),
  };
}

/** How long it may take to start before a failure counts. */
function startPeriodOf(container: JsonObject, probe: JsonObject): number {
  const startup = objectOf(container['startupProbe']);
  const delay = positiveOf(probe['initialDelaySeconds']) ?? 0;
  if (container['startupProbe'] === undefined) return delay * 1000;
  const wait =
    (positiveOf(startup['failureThreshold']) ?? defaults.failureThreshold) *
    (positiveOf(startup['periodSeconds']) ?? defaults.periodSeconds);
  return (wait + (positiveOf(startup['initialDelaySeconds']) ?? 0)) * 1000;
}

function checkOf(probe: JsonObject, container: JsonObject): string {
  const [http, tcp, command, grpc] = [probe['httpGet'], probe['tcpSocket'], probe['exec'], probe['grpc']].map((each) =>
    each === undefined ? undefined : objectOf(each),
  );
  const portOf = (port: unknown): string => {
    if (typeof port === 'number') return String(port);
    const named = listOf(container['ports'])
      .map(objectOf)
      .find(({ name }) => name === port);
    return named === undefined ? String(port) : String(named['containerPort']);
  };
  if (http)
    return `GET ${(textOf(http['scheme']) || 'HTTP').toLowerCase()}://127.0.0.1:${portOf(http['port'])}${textOf(http['path']) || '/'}`;
  if (tcp) return `connect to tcp://127.0.0.1:${portOf(tcp['port'])}`;
  if (grpc) return `grpc://127.0.0.1:${portOf(grpc['port'])}`;
  return command === undefined ? '' : textsOf(command['command']).join(' ');
}
