import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBytes, parseDurationMs } from './parse-units.ts';

test('durations are read as people write them', () => {
  const expected: Record<string, number> = {
    '250ms': 250, '20s': 20_000, '5m': 300_000, '24h': 86_400_000, '7d': 604_800_000, '2w': 1_209_600_000, '1h30m': 5_400_000,
    '1h 30m': 5_400_000, '1.5s': 1500, ' 3s ': 3000, '0s': 0,
  };
  for (const [text, milliseconds] of Object.entries(expected)) assert.equal(parseDurationMs(text), milliseconds, text);
});

test('what is not a duration is not guessed at', () => {
  for (const text of ['', '5', 'h', '-5s', '5 s', '5y', '1e3s', 's5', '5s!', '99999999999999w']) {
    assert.equal(parseDurationMs(text), undefined, text);
  }
});

test('sizes are read as people write them, with decimal and binary units apart', () => {
  const expected: Record<string, number> = { '512B': 512, '64kB': 64_000, '32MiB': 33_554_432, '1.5GiB': 1_610_612_736, '2 mb': 2_000_000 };
  for (const [text, bytes] of Object.entries(expected)) assert.equal(parseBytes(text), bytes, text);
});

test('what is not a size is not guessed at', () => {
  for (const text of ['', '32', '32M', '32Mi', 'ib', '12ib', '-1MiB', '1e3MiB', '99999999TiB']) assert.equal(parseBytes(text), undefined, text);
});
