import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetFigures } from '@openclaw/protocol';
import type { TargetStatus } from '../admission/contract.ts';
import { Totals } from './series.ts';
import { joinTargets } from './targets.ts';

const figures = (target: string, key: string, requests: number): TargetFigures => ({ ...new Totals().figures(), target, key, requests });

function state(target: string, key: string, changes: Partial<TargetStatus> = {}): TargetStatus {
  return {
    ...{ target, key, breaker: 'closed', heldOpen: false, pausedMs: 0, limit: 5, underWay: 1, waiting: 2, recentFailures: 0 },
    ...changes,
  };
}

test('each target has one row, with its own figures', () => {
  const states = [state('a/m', '1'), state('a/m', '2', { breaker: 'open', pausedMs: 900, reason: 'the breaker is open' })];
  const rows = joinTargets(states, [figures('a/m', '2', 7), figures('a/m', '1', 3)]);
  assert.deepEqual(
    rows.map(({ key, breaker, requests, reason, limit }) => [key, breaker, requests, reason, limit]),
    [
      ['1', 'closed', 3, null, 5],
      ['2', 'open', 7, 'the breaker is open', 5],
    ],
  );
});

test('a target that was not asked in the window has a row, and so has one that only the statistics know', () => {
  const rows = joinTargets([state('a/m', '1')], [figures('b/other', '-', 3)]);
  assert.deepEqual(
    rows.map(({ target, requests, limit, successPercent }) => [target, requests, limit, successPercent]),
    [
      ['a/m', 0, 5, null],
      ['b/other', 3, null, null],
    ],
  );
});
