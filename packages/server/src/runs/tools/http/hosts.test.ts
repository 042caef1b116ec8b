import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesHost } from './hosts.ts';

test('hosts match by their whole name, or by everything below one', () => {
  assert.ok(matchesHost('Example.com.', ['example.com']) && matchesHost('a.b.example.com', ['*.example.com']));
  assert.ok(!matchesHost('example.com', ['*.example.com']) && !matchesHost('badexample.com', ['*.example.com', 'example.com']));
});
