/** Gathers what the doctor goes by of what is around the process: the container, its limits, and how long the disk lets one wait. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Environment } from '../../core/env.ts';
import { readIoPressure } from '../../core/io-pressure.ts';
import type { ReadText } from '../../core/process-memory.ts';
import type { DiskFacts, GatewayFacts, SurroundingsFacts } from './facts.ts';

/** Those that Kubernetes makes of a Service's name in capitals, and that are read as settings too. */
const linkVariables = ['OPENCLAW_GATEWAY_PORT', 'OPENCLAW_PORT', 'OPENCLAW_GATEWAY_URL', 'PORT'];

export interface SurroundingsSources {
  readonly environment: Environment;
  readonly readText: ReadText;
  readonly gateway: GatewayFacts;
}

export function surroundingsFacts({ environment, readText, gateway }: SurroundingsSources): SurroundingsFacts {
  const root = /^\S+ \S+ \S+ \S+ \/ (\S+)/m.exec(readText('/proc/self/mountinfo') ?? '')?.[1];
  const answer = gateway.probes['/health'];
  const version = answer?.status === undefined ? undefined : answer.body['version'];
  return {
    firstProcess: readText('/proc/1/comm')?.trim(),
    isRootReadOnly: root === undefined ? undefined : root.split(',').includes('ro'),
    processors: processorsOf(readText),
    serviceLinks: linkVariables.filter((name) => /^(?:tcp|udp|sctp):\/\//.test(environment.lookup(name)?.value ?? '')),
    runningVersion: typeof version === 'string' ? version : undefined,
  };
}

/** Of the control group that this runs in, version 2 or 1; undefined where it has no limit. */
function processorsOf(readText: ReadText): number | undefined {
  const [quota, period] = (readText('/sys/fs/cgroup/cpu.max') ?? '').trim().split(/\s+/);
  if (quota !== undefined && quota !== '' && quota !== 'max') return Number(quota) / Number(period ?? 100_000);
  const older = Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1);
  return older > 0 ? older / Number(readText('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? 100_000) : undefined;
}

const probes = 12;
const probeBytes = Buffer.alloc(4096, 1);
/** A disk that hangs is known by then. */
const probeLimitMs = 2000;

/** @param directory where a file of 4 KiB may be made for a moment; undefined: none may */
export function diskFacts(directory: string | undefined, { readText, clock }: { readText: ReadText; clock: Clock }): DiskFacts {
  const pressure = readIoPressure(readText);
  return {
    sync: directory === undefined ? undefined : measureSync(directory, clock),
    pressure: pressure && { somePercent: pressure.some * 100, fullPercent: pressure.full * 100 },
  };
}

function measureSync(directory: string, clock: Clock): DiskFacts['sync'] {
  const path = join(directory, `.doctor.${process.pid}`);
  const took: number[] = [];
  try {
    const descriptor = openSync(path, 'wx', 0o600);
    try {
      const startedMs = clock.monotonicMs();
      for (let turn = 0; turn < probes && clock.monotonicMs() - startedMs < probeLimitMs; turn += 1) {
        writeSync(descriptor, probeBytes, 0, probeBytes.length, 0);
        const beforeMs = clock.monotonicMs();
        fdatasyncSync(descriptor);
        took.push(clock.monotonicMs() - beforeMs);
      }
    } finally {
      closeSync(descriptor);
      rmSync(path, { force: true });
    }
  } catch {
    // It cannot be written, which the check of the directory says.
    return undefined;
  }
  const sorted = took.toSorted((one, other) => one - other);
  return { medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, slowestMs: sorted.at(-1) ?? 0 };
}
