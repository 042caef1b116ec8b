/** One request of the API on its way: what it is about, who asks, and what answers need. And what all answers share. */
import type { AuditSink, Principal } from '../../access/index.ts';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Host, ResourceStore, WorkloadInsight } from '../../workloads/index.ts';
import type { BodyBudget } from '../body-budget.ts';
import { replyJson } from '../reply.ts';
import type { GatewayRequest } from '../request.ts';
import type { Address } from './address.ts';
import type { Collection } from './collection.ts';

export interface ApiOptions {
  readonly store: ResourceStore;
  /** Absent: what is told beside the objects is not there. */
  readonly insight?: WorkloadInsight | undefined;
  readonly host: Host;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly version: string;
  readonly bodyLimitBytes: () => number;
  readonly bodyBudget: BodyBudget;
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
}

export interface Call {
  readonly request: GatewayRequest;
  readonly query: URLSearchParams;
  readonly principal: Principal;
  readonly address: Address;
  readonly collection: Collection;
  readonly api: ApiOptions;
}

/** A call about one object. */
export interface ObjectCall extends Call {
  readonly namespace: string;
  readonly name: string;
}

export function answer({ response }: GatewayRequest, status: number, body: object): void {
  replyJson(response, status, body);
}

/** For people: `kubectl` prints them. */
export function warn({ response }: GatewayRequest, warnings: readonly string[]): void {
  if (warnings.length > 0) response.setHeader('warning', warnings.map(warningHeader));
}

/** Of the whole answer: whoever reads headers has bounds of its own. */
const warningLimit = 300;

function warningHeader(text: string): string {
  const said = text
    .slice(0, warningLimit)
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&');
  return `299 - "${said}"`;
}

export function notFound({ collection }: Pick<Call, 'collection'>, namespace: string, name: string): OpenClawError {
  return new OpenClawError('workload_not_found', { details: { resource: collection.resource, namespace, name } });
}

/** @throws OpenClawError `workload_insight_unavailable` */
export function insightOf({ api }: Pick<Call, 'api'>): WorkloadInsight {
  if (!api.insight) throw new OpenClawError('workload_insight_unavailable', { retryAfterMs: 1000 });
  return api.insight;
}

export function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}

/** @throws OpenClawError `invalid_request` */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === 'false' || value === '0') return false;
  if (value === '' || value === 'true' || value === '1') return true;
  throw wrong(name, 'must be true or false');
}

/** @throws OpenClawError `invalid_request` */
export function readCount(query: URLSearchParams, name: string, most = 1_000_000_000): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (/^\d{1,12}$/.test(value) && Number(value) <= most) return Number(value);
  throw wrong(name, `must be a whole number from 0 to ${most}`);
}

/** @throws OpenClawError `invalid_request` for anything but `All` */
export function readDryRun(query: URLSearchParams, body?: JsonObject): boolean {
  const inBody = Array.isArray(body?.['dryRun']) ? body['dryRun'].map(String) : [];
  const wanted = [...query.getAll('dryRun'), ...inBody];
  if (wanted.some((value) => value !== 'All')) throw wrong('dryRun', 'must be All');
  return wanted.length > 0;
}
