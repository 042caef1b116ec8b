import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryVerdict } from '@openclaw/protocol';
import { classes } from './classes/index.ts';
import type { Examined } from './examine.ts';
import { renderComparison, renderConfidence, renderForecasts, renderTimes } from './tables.ts';

const nameOf = (leaks: boolean): string => classes.find((one) => one.leaks === leaks && one.part === 'report')?.name ?? '';

function examined(leaks: boolean, verdict: MemoryVerdict, more: Partial<Examined> = {}): Examined {
  const everywhere = Object.fromEntries(['6 memory', '6 all', '24 memory', '24 all'].map((key) => [key, verdict]));
  const confidences = Object.fromEntries(Object.keys(everywhere).map((key) => [key, 'high' as const]));
  return {
    name: nameOf(leaks),
    seed: 1,
    verdicts: everywhere,
    confidences,
    rivals: {},
    detectedAfter: {},
    forecasts: [],
    alarmsInWeek: {},
    ...more,
  };
}

const cells = (text: string, name: string): string[] =>
  (text.split('\n').find((line) => line.startsWith(`| ${name}`)) ?? '')
    .split('|')
    .map((cell) => cell.trim())
    .slice(2, -1);

test('precision, recall, false positives and what is left of it where one in twenty leaks', () => {
  // Of four leaks three are found; of five clean ones one is called a leak.
  const all = [
    ...Array.from({ length: 3 }, () => examined(true, 'leak')),
    examined(true, 'growing'),
    examined(false, 'leak'),
    ...Array.from({ length: 4 }, () => examined(false, 'steady')),
  ];
  // 0.05 × 0.75 ÷ (0.05 × 0.75 + 0.95 × 0.2)
  assert.deepEqual(cells(renderComparison(all, 'report'), 'OpenClaw, heap'), ['0.75', '0.75', '0.20', '0.16']);
  assert.deepEqual(cells(renderConfidence(all), 'high'), ['16', '0.75']);
  assert.deepEqual(cells(renderComparison(all, 'design'), 'OpenClaw, heap'), ['–', '–', '–', '–'], 'another part is not mixed in');
});

test('a leak that was not seen in time counts as later, and alarms are per week', () => {
  const all = [
    ...[2, 4, null].map((hours) => examined(true, 'leak', { detectedAfter: { all: hours } })),
    ...[0, 1, 0, 2].map((count) => examined(false, 'steady', { alarmsInWeek: { all: count } })),
  ];
  assert.deepEqual(cells(renderTimes(all, 'report'), 'OpenClaw, heap'), ['4 h', 'later', '0.75']);
});

test('a forecast holds where the kill lay in its interval, its ends included', () => {
  const forecast = (truth: number): Examined =>
    examined(true, 'leak', { forecasts: [{ afterHours: 6, earliest: 10, likely: 12, latest: 20, truth }] });
  const found = cells(renderForecasts([10, 15, 20, 9, 25].map(forecast), 'report'), 'after 6 hours');
  assert.deepEqual(found, ['5', '60 %', '20 %', '20 %', '0.80', '2.0 ×']);
});
