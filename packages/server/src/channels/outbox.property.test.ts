import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { setUpOutbox } from './outbox.fixture.ts';

type Move = 'add' | 'fail' | 'mend' | 'crash' | 'stop' | 'wait' | 'waitLong';

test('whatever fails, crashes and comes back: everything is heard, under one id, and twice only where a crash left it open', async () => {
  const moves = fc.array(fc.constantFrom<Move>('add', 'add', 'fail', 'mend', 'crash', 'stop', 'wait', 'waitLong'), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(moves, async (plan) => {
      await using setup = await setUpOutbox({ retry: { attempts: 1000, maxAgeMs: 1e9, maxDelayMs: 20_000 } });
      const heard: string[] = [];
      const added: string[] = [];
      let crashes = 0;
      let isUp = true;
      setup.answer = ({ id }) => {
        if (!isUp) return { kind: 'failed', reason: 'the receiver answered 503' };
        heard.push(id);
        return { kind: 'delivered' };
      };
      let outbox = setup.process();
      await outbox.start();
      for (const move of plan) {
        if (move === 'add') {
          added.push(await setup.add(added.length + 1));
          outbox.wake();
        } else if (move === 'fail' || move === 'mend') isUp = move === 'mend';
        else if (move === 'wait' || move === 'waitLong') await setup.pass(outbox, move === 'wait' ? 3000 : 60_000, 3000);
        else {
          await outbox.close();
          if (move === 'crash') crashes += await setup.crash(heard, isUp);
          outbox = setup.process();
          await outbox.start();
        }
        await outbox.idle();
      }
      isUp = true;
      await setup.pass(outbox, 120_000, 10_000);
      assert.deepEqual([...new Set(heard)].toSorted(), added.toSorted());
      assert.ok(heard.length - added.length <= crashes, `${heard.length} heard of ${added.length} with ${crashes} left open`);
      const [counts] = [await setup.store.counts()];
      assert.equal(counts.get('ci'), undefined, 'nothing waits, nothing is dead');
    }),
    { numRuns: 12 },
  );
});
