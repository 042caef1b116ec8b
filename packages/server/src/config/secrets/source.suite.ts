/** What every source of secrets promises, as `contract.ts` says it. Each kind runs all of it, against the real thing or a fake of it. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { inspect } from 'node:util';

import type { SecretKind, SecretTargets } from '@openclaw/protocol';

import { OpenClawError } from '../../core/errors.ts';
import type { SecretSource } from './contract.ts';

/** One source with one secret in it. */
export interface SourceSubject<Kind extends SecretKind> {
  readonly source: SecretSource<Kind>;
  readonly target: SecretTargets[Kind];
  /** The same secret, of which the value under a name in its JSON is meant; absent where that is not a thing of this source. */
  readonly targetWithKey?: SecretTargets[Kind];
  /** What the gateway comes with; in no message. */
  readonly credentials?: readonly string[];
  /** The value is this one from now on. */
  put(value: string): void;
  remove(): void;
  /** From now on the gateway is not let in; absent where nobody asks who comes. */
  shut?(): void;
  /** From now on it does not answer as it should. */
  stop?(): void | Promise<void>;
}

export function secretSourceSuite<Kind extends SecretKind>(name: string, open: (t: TestContext) => Promise<SourceSubject<Kind>>): void {
  const value = 'sk-live-4f9a1c7e22';
  const never = new AbortController().signal;

  describe(`a source of secrets: ${name}`, () => {
    test('it gives the value, and says where it lies without it', async (t) => {
      const { source, target, put } = await open(t);
      put(value);
      const reading = await source.read(target, never);
      assert.equal(reading.value, value);
      const { value: _, ...rest } = reading;
      assert.doesNotMatch(`${source.describe(target)} ${inspect(rest)}`, new RegExp(value));
      if (reading.madeAt !== undefined) assert.ok(Math.abs(Date.parse(reading.madeAt) - Date.now()) < 3_600_000, reading.madeAt);
    });

    test('a value that was changed is there at the next reading, under another version where it has one', async (t) => {
      const { source, target, put } = await open(t);
      put(value);
      const before = await source.read(target, never);
      put('another-one');
      const after = await source.read(target, never);
      assert.equal(after.value, 'another-one');
      if (before.version !== undefined) assert.notEqual(after.version, before.version);
    });

    test('a secret that is not there is missing, and the message names it', async (t) => {
      const { source, target, put, remove } = await open(t);
      put(value);
      await source.read(target, never);
      remove();
      const error = await failureOf(source.read(target, never));
      assert.equal(error.code, 'secret_missing');
      assert.match(
        error.message,
        new RegExp(
          source
            .describe(target)
            .split('#')[0]!
            .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
        ),
      );
      assert.notEqual(error.hint, '');
    });

    test('of a JSON object the value under its key is meant', async (t) => {
      const { source, targetWithKey, put } = await open(t);
      if (!targetWithKey) return t.skip('not of this source');
      put(JSON.stringify({ key: value, other: 'x' }));
      assert.equal((await source.read(targetWithKey, never)).value, value);
      put(JSON.stringify({ other: value }));
      assert.equal((await failureOf(source.read(targetWithKey, never), value)).code, 'secret_missing');
      put(`{ "key": ${value}`);
      assert.equal((await failureOf(source.read(targetWithKey, never), value)).code, 'secret_unusable');
    });

    test('whoever is not let in is told so, without what it came with', async (t) => {
      const { source, target, put, shut, credentials = [] } = await open(t);
      if (!shut) return t.skip('nobody asks who comes');
      put(value);
      shut();
      assert.equal((await failureOf(source.read(target, never), value, ...credentials)).code, 'secret_refused');
    });

    test('a source that does not answer is down, and works again once it does', async (t) => {
      const { source, target, put, stop, credentials = [] } = await open(t);
      if (!stop) return t.skip('it is always there');
      put(value);
      await stop();
      const error = await failureOf(source.read(target, never), value, ...credentials);
      assert.deepEqual([error.code, error.retryable], ['secret_source_down', true]);
    });

    test('a value that is empty or larger than 64 KiB is of no use', async (t) => {
      const { source, target, put } = await open(t);
      put('x'.repeat(70_000));
      assert.equal((await failureOf(source.read(target, never), 'xxxxxxxx')).code, 'secret_unusable');
    });

    test('what is aborted ends with the reason of whoever ended it', async (t) => {
      const { source, target, put } = await open(t);
      put(value);
      const reason = new Error('enough');
      await assert.rejects(source.read(target, AbortSignal.abort(reason)), reason);
    });
  });
}

/** The error, in which none of the hidden texts may stand, however deep. */
async function failureOf(reading: Promise<unknown>, ...hidden: readonly string[]): Promise<OpenClawError> {
  const thrown: unknown = await reading.then(
    () => assert.fail('it was read'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof OpenClawError, String(thrown));
  for (const text of hidden) assert.ok(!inspect(thrown, { depth: 9 }).includes(text), `it tells ${text}`);
  return thrown;
}
