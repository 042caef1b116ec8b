/**
 * The readings of room that a gateway has taken, in one small file of the state directory: a bounded number, the oldest go. The commands read
 * it beside a running gateway. It measures nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { writeDurably } from '../../storage/index.ts';
import type { Point } from './growth.ts';
import type { Measured } from './measure.ts';

export interface Reading {
  readonly atMs: number;
  /** Bytes of each area. */
  readonly areas: Readonly<Record<string, number>>;
  /** Bytes that are used on each volume, by where it is mounted. */
  readonly volumes: Readonly<Record<string, number>>;
}

/** A month of one each four hours; some 60 KB. */
export const keptReadings = 180;

export function readReadings(stateDirectory: string): readonly Reading[] {
  let text: string;
  try {
    text = readFileSync(readingsFile(stateDirectory), 'utf8');
  } catch {
    // None has been taken, or it may not be read: the same to who asks.
    return [];
  }
  try {
    const value: unknown = JSON.parse(text);
    const readings: unknown = isJsonObject(value) ? value['readings'] : undefined;
    return Array.isArray(readings) ? readings.filter(isReading) : [];
  } catch {
    // Somebody else has written it; the next reading begins anew.
    return [];
  }
}

/** @throws what the system says if there is no room for it */
export function addReading(stateDirectory: string, reading: Reading): readonly Reading[] {
  // A clock that was set back must not leave readings of a time to come.
  const earlier = readReadings(stateDirectory).filter(({ atMs }) => atMs < reading.atMs);
  const kept = [...earlier, reading].slice(-keptReadings);
  writeDurably(readingsFile(stateDirectory), `${JSON.stringify({ readings: kept })}\n`);
  return kept;
}

export function readingOf({ areas, volumes }: Measured, atMs: number): Reading {
  const sums: Record<string, number> = {};
  for (const { name, bytes } of areas) sums[name] = (sums[name] ?? 0) + bytes;
  return {
    atMs,
    areas: sums,
    volumes: Object.fromEntries(volumes.map(({ mount, usedBytes }) => [mount?.point ?? '', usedBytes])),
  };
}

/** What was used on one volume, over time. */
export function pointsOf(readings: readonly Reading[], mountPoint: string): readonly Point[] {
  return readings.flatMap(({ atMs, volumes }) => (volumes[mountPoint] === undefined ? [] : [{ atMs, bytes: volumes[mountPoint] }]));
}

function readingsFile(stateDirectory: string): string {
  return join(stateDirectory, 'state', 'volume-readings.json');
}

function isReading(value: unknown): value is Reading {
  return isJsonObject(value) && typeof value['atMs'] === 'number' && isSums(value['areas']) && isSums(value['volumes']);
}

function isSums(value: unknown): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every((each) => typeof each === 'number');
}
