import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createKeys, keyDefaults, type KeyAt, type Keys } from './keys.ts';
import type { Provider } from '../target.ts';

const secret = 'sk-the-secret-itself';

function setup(keyCount: number) {
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = createLog({ clock, format: 'json', destinations: [{ write: (line) => void lines.push(line) }] });
  const keys = createKeys({ clock, log });
  const headers = { authorization: `Bearer ${secret}` };
  const held = Array.from({ length: keyCount }, (_, index) => ({
    id: String(index + 1),
    source: `/run/secrets/${index}`,
    weight: 1,
    headers,
  }));
  const provider = { id: 'acme', keys: held } as Partial<Provider> as Provider;
  const at = (index: number): KeyAt => ({ provider, key: held[index] ?? assert.fail('no such key') });
  return { clock, lines, keys, provider, at };
}

function refusal(code: 'upstream_authentication' | 'upstream_quota' = 'upstream_authentication', upstreamStatus = 401): OpenClawError {
  return new OpenClawError(code, { details: { provider: 'acme', reason: 'it is no good', keySource: 'the key', upstreamStatus } });
}

function refuse(keys: Keys, at: KeyAt, times: number): void {
  for (let count = 0; count < times; count++) keys.report(at, refusal());
}

test('a key that is refused is out at once while the provider has another, and the log says so once, without the key', () => {
  const { keys, at, lines } = setup(2);
  refuse(keys, at(0), 3);
  assert.deepEqual([keys.isOut(at(0)), keys.isOut(at(1))], [true, false]);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /\/run\/secrets\/0/);
  assert.doesNotMatch(lines[0] ?? '', new RegExp(secret));
});

test('after a while one request tries it again, and no second one at the same time', () => {
  const { keys, at, clock } = setup(2);
  refuse(keys, at(0), 1);
  assert.equal(keys.claimTrial(at(0)), false);
  clock.advance(keyDefaults.refusedMs);
  assert.deepEqual([keys.claimTrial(at(0)), keys.claimTrial(at(0))], [true, false]);
  refuse(keys, at(0), 1);
  clock.advance(keyDefaults.refusedMs - 1);
  assert.equal(keys.claimTrial(at(0)), false);
});

test('a trial of which nothing is heard is repeated before long', () => {
  const { keys, at, clock } = setup(2);
  refuse(keys, at(0), 1);
  clock.advance(keyDefaults.refusedMs);
  assert.ok(keys.claimTrial(at(0)));
  clock.advance(keyDefaults.lastKeyMs);
  assert.ok(keys.claimTrial(at(0)));
});

test('a trial that its client gave up is free for the next request, and no other end of an attempt makes one', () => {
  const { keys, at, clock } = setup(2);
  refuse(keys, at(0), 1);
  keys.untried(at(0));
  assert.equal(keys.claimTrial(at(0)), false, 'it was sent before the key was out');
  clock.advance(keyDefaults.refusedMs);
  assert.ok(keys.claimTrial(at(0)));
  keys.untried(at(0));
  assert.ok(keys.claimTrial(at(0)));
  refuse(keys, at(0), 1);
  keys.untried(at(0));
  assert.equal(keys.claimTrial(at(0)), false);
});

test('a key that is answered is in again, and nothing is known against it', () => {
  const { keys, at, lines } = setup(2);
  refuse(keys, at(0), 1);
  keys.accepted(at(0));
  assert.deepEqual([keys.isOut(at(0)), keys.untroubled, lines.length], [false, true, 2]);
});

test('the last key stays in for a few refusals; then requests get the same error without asking', () => {
  const { keys, at, clock } = setup(1);
  refuse(keys, at(0), keyDefaults.lastKeyRefusals - 1);
  assert.equal(keys.isOut(at(0)), false);
  refuse(keys, at(0), 1);
  assert.equal(keys.isOut(at(0)), true);
  assert.equal(keys.refusalOf(at(0))?.message, refusal().message);
  clock.advance(keyDefaults.lastKeyMs);
  assert.equal(keys.claimTrial(at(0)), true);
});

test('refusals of the last key count only in a row', () => {
  const { keys, at } = setup(1);
  refuse(keys, at(0), keyDefaults.lastKeyRefusals - 1);
  keys.accepted(at(0));
  refuse(keys, at(0), keyDefaults.lastKeyRefusals - 1);
  assert.equal(keys.isOut(at(0)), false);
});

test('when one key is out already, the other is the last one', () => {
  const { keys, at } = setup(2);
  refuse(keys, at(0), 1);
  refuse(keys, at(1), 1);
  assert.equal(keys.isOut(at(1)), false);
  refuse(keys, at(1), keyDefaults.lastKeyRefusals - 1);
  assert.equal(keys.isOut(at(1)), true);
});

test('a key with nothing left to spend is tried again sooner than one that was refused', () => {
  const { keys, at, clock } = setup(2);
  keys.report(at(0), refusal('upstream_quota', 429));
  clock.advance(keyDefaults.spentMs);
  assert.ok(keys.claimTrial(at(0)));
});

test('what may be about one model or one prompt, or is no word about the key, takes no key out', () => {
  const { keys, at } = setup(2);
  keys.report(at(0), refusal('upstream_authentication', 403));
  keys.report(at(0), new OpenClawError('upstream_overloaded'));
  assert.ok(keys.untroubled);
});

test('a rotated key starts anew', () => {
  const { keys, at } = setup(1);
  refuse(keys, at(0), 5);
  keys.rotated(at(0).key);
  assert.deepEqual([keys.isOut(at(0)), keys.untroubled], [false, true]);
});

test('the status says for each key how it stands, why, and when it is tried again; never the key', () => {
  const { keys, at, clock, provider } = setup(3);
  refuse(keys, at(0), 1);
  keys.unreachable(at(1), new OpenClawError('upstream_unreachable', { details: { provider: 'acme', reason: 'ECONNREFUSED' } }));
  clock.advance(1000);
  const row = (key: string) => ({ provider: 'acme', key, source: `/run/secrets/${Number(key) - 1}` });
  assert.deepEqual(keys.status([provider]), [
    { ...row('1'), state: 'refused', reason: 'it is no good', retryInMs: keyDefaults.refusedMs - 1000 },
    { ...row('2'), state: 'unreachable', reason: 'ECONNREFUSED' },
    { ...row('3'), state: 'ok' },
  ]);
  assert.equal(keys.isOut(at(1)), false);
});

test('where there is no key, none is refused: a script of the rehearsal that fails with 401 takes nothing away', () => {
  const { keys, provider } = setup(1);
  const at: KeyAt = { provider, key: { id: '1', source: 'no key', weight: 1, absent: true, headers: {} } };
  refuse(keys, at, 10);
  assert.deepEqual([keys.isOut(at), keys.untroubled], [false, true]);
});
