/** All that is said of where the state lies: measured now, with the growth that the readings show. */
import { readFileSync } from 'node:fs';
import type { Environment } from '../../core/env.ts';
import { containerOf } from '../doctor/container-of.ts';
import type { Severity } from '../doctor/contract.ts';
import type { Area, AreaName } from './areas.ts';
import { daysUntilFull, growthOf, type Growth } from './growth.ts';
import { measure, type Measured, type MeasuredArea, type MeasuredVolume } from './measure.ts';
import { judgeMount } from './mount-kind.ts';
import { pointsOf, readReadings, type Reading } from './readings.ts';

export interface ReportOptions {
  readonly stateDirectory: string;
  readonly elsewhere: readonly Area[];
  readonly environment: Environment;
  readonly signal?: AbortSignal;
}

export interface ReportedArea {
  readonly name: AreaName;
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  readonly growth: Growth;
  readonly uid: number;
  readonly mode: string;
  /** Where its volume is mounted. */
  readonly mountPoint: string | undefined;
}

export interface ReportedVolume {
  readonly mountPoint: string | undefined;
  readonly kind: string;
  readonly filesystem: string | undefined;
  readonly source: string | undefined;
  readonly survives: Severity;
  readonly survivesWords: string;
  readonly remedy: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  readonly growth: Growth;
  readonly daysUntilFull: number | undefined;
}

export interface VolumesReport {
  readonly stateDirectory: string;
  readonly areas: readonly ReportedArea[];
  /** That of the state directory first. */
  readonly volumes: readonly ReportedVolume[];
  /** Whether every file was counted. */
  readonly isWhole: boolean;
}

export async function reportVolumes(options: ReportOptions): Promise<VolumesReport> {
  const { stateDirectory, elsewhere, environment, signal } = options;
  const measured = await measure({
    stateDirectory,
    elsewhere,
    mountInfo: readText('/proc/self/mountinfo') ?? '',
    ...(signal && { signal }),
  });
  return describe(measured, { stateDirectory, readings: readReadings(stateDirectory), container: containerOf(environment, readText) });
}

export interface DescribeOptions {
  readonly stateDirectory: string;
  readonly readings: readonly Reading[];
  readonly container: ReturnType<typeof containerOf>;
}

export function describe({ areas, volumes, isWhole }: Measured, options: DescribeOptions): VolumesReport {
  return {
    stateDirectory: options.stateDirectory,
    areas: areas.map((area) => areaReported(area, options.readings)),
    volumes: volumes.map((volume) => volumeReported(volume, options)),
    isWhole,
  };
}

function areaReported({ name, path, bytes, files, uid, mode, mount }: MeasuredArea, readings: readonly Reading[]): ReportedArea {
  const points = readings.flatMap(({ atMs, areas }) => (areas[name] === undefined ? [] : [{ atMs, bytes: areas[name] }]));
  return {
    ...{ name, path, bytes, files, uid },
    growth: growthOf(points),
    mode: mode.toString(8).padStart(4, '0'),
    mountPoint: mount?.point,
  };
}

function volumeReported(volume: MeasuredVolume, { readings, container }: DescribeOptions): ReportedVolume {
  const { mount, path, sizeBytes, usedBytes, freeBytes } = volume;
  const { kind, survival } = judgeMount(path, mount, container);
  const growth = growthOf(pointsOf(readings, mount?.point ?? ''));
  return {
    ...{ mountPoint: mount?.point, kind, filesystem: mount?.type, source: mount?.source },
    ...{ survives: survival.severity, survivesWords: survival.words, remedy: survival.remedy },
    ...{ sizeBytes, usedBytes, freeBytes, growth, daysUntilFull: daysUntilFull(growth, freeBytes) },
  };
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
