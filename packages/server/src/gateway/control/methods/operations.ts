/** What operators ask of a running gateway beside its health: log, usage, stability, audit, and who it is. */
import { OpenClawError } from '../../../core/errors.ts';
import type { Clock } from '../../../core/clock.ts';
import type { MethodTable } from '../contract.ts';
import { tailLog } from './log-tail.ts';
import { noParams, Params } from './params.ts';
import type { StabilityRing } from './stability-ring.ts';

export interface UsageDay {
  /** `2026-11-21`, UTC. */
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  /** All of the input, what went through the provider's cache included. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  readonly unpriced: number;
}

export interface AuditRow {
  readonly position: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: object;
}

export interface OperationMethodsOptions {
  readonly clock: Clock;
  /** The current log file. Undefined where none is written. */
  readonly logFile: string | undefined;
  readonly usageByDay: (sinceMs: number) => Promise<readonly UsageDay[]>;
  readonly stability: Pick<StabilityRing, 'read'>;
  readonly audit: (question: {
    readonly limit: number;
    readonly before?: number;
    readonly actionPrefix?: string;
  }) => Promise<readonly AuditRow[]>;
  /** The gateway's own key pair, where it has one. */
  readonly identity: { readonly deviceId: string; readonly publicKey: string } | undefined;
  /** About the machine and the process; no secrets. */
  readonly systemInfo: () => object;
}

const dayMs = 86_400_000;

export function createOperationMethods(options: OperationMethodsOptions): MethodTable {
  const { stability, systemInfo } = options;
  return {
    ...records(options),
    ...usage(options),
    'diagnostics.stability': {
      scope: 'operator.read',
      run({ params }) {
        const read = new Params(params);
        const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 50;
        const question = { limit, type: read.optionalText('type', { limit: 100 }), sinceSeq: read.optionalNumber('sinceSeq') };
        read.end();
        return stability.read(question);
      },
    },
    'system.info': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        return systemInfo();
      },
    },
    ...identityMethod(options),
  };
}

/** A gateway without a key pair has no such method, rather than one made up for the answer. */
function identityMethod({ identity }: OperationMethodsOptions): MethodTable {
  if (!identity) return {};
  return {
    'gateway.identity.get': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        return { deviceId: identity.deviceId, publicKey: identity.publicKey };
      },
    },
  };
}

function records({ logFile, audit }: OperationMethodsOptions): MethodTable {
  return {
    'logs.tail': {
      scope: 'operator.read',
      async run({ params }) {
        const read = new Params(params);
        const cursor = read.optionalNumber('cursor');
        const limit = read.optionalNumber('limit', { minimum: 1, maximum: 5000 }) ?? 500;
        const maxBytes = read.optionalNumber('maxBytes', { minimum: 1, maximum: 1_000_000 }) ?? 250_000;
        read.end();
        if (logFile === undefined) {
          const suggestion = 'The log goes to the standard error of the gateway alone; look where that is kept.';
          throw new OpenClawError('not_in_release', { details: { what: 'a log without a file', suggestion } });
        }
        return tailLog(logFile, { cursor, limit, maxBytes });
      },
    },
    'audit.list': {
      scope: 'operator.admin',
      async run({ params }) {
        const read = new Params(params);
        const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 100;
        const before = read.optionalNumber('before', { minimum: 1 });
        const actionPrefix = read.optionalText('actionPrefix', { limit: 100 });
        read.end();
        const entries = await audit({
          limit,
          ...(before === undefined ? {} : { before }),
          ...(actionPrefix === undefined ? {} : { actionPrefix }),
        });
        return { entries, nextBefore: entries.length === limit ? (entries.at(-1)?.position ?? null) : null };
      },
    },
  };
}

function usage({ clock, usageByDay }: OperationMethodsOptions): MethodTable {
  return {
    'usage.cost': {
      scope: 'operator.read',
      async run({ params }) {
        const read = new Params(params);
        const days = read.optionalNumber('days', { minimum: 1, maximum: 400 }) ?? 30;
        read.passOver('mode', 'utcOffset');
        read.end();
        // Whole days of UTC, today included.
        const sinceMs = (Math.floor(clock.now() / dayMs) - days + 1) * dayMs;
        const rows = await usageByDay(sinceMs);
        const daily = rows.map((row) => ({ date: row.name, ...costShape(row) }));
        return { updatedAt: clock.now(), days, daily, totals: costShape(sumOf(rows)), cacheStatus: { status: 'fresh' } };
      },
    },
    'usage.status': {
      scope: 'operator.read',
      run({ params }) {
        noParams(params);
        // What is left of subscriptions, where a provider says so; none of those that OpenClaw asks does.
        return { updatedAt: clock.now(), providers: [] };
      },
    },
  };
}

type Sums = Omit<UsageDay, 'name'>;

function sumOf(rows: readonly Sums[]): Sums {
  const sum = (field: keyof Sums): number => rows.reduce((total, row) => total + row[field], 0);
  return {
    ...{ requests: sum('requests'), failed: sum('failed'), inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') },
    ...{ cacheReadTokens: sum('cacheReadTokens'), cacheWriteTokens: sum('cacheWriteTokens') },
    ...{ costNanoUsd: sum('costNanoUsd'), unpriced: sum('unpriced') },
  };
}

function costShape(row: Sums): object {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, costNanoUsd, unpriced, requests, failed } = row;
  return {
    ...{ input: Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens), output: outputTokens },
    ...{ cacheRead: cacheReadTokens, cacheWrite: cacheWriteTokens, totalTokens: inputTokens + outputTokens },
    ...{ totalCost: costNanoUsd / 1e9, missingCostEntries: unpriced, requests, failed },
  };
}
