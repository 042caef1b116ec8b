import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEventBody } from '@openclaw/protocol';
import type { Lease } from './contract.ts';
import { foldRun } from './fold.ts';
import { delta, finished, newRun, resumed, setUpJournal, stepFinished, stepStarted } from './store.fixture.ts';

const leaseMs = 30_000;

test('property: whatever is written in whatever order, folding the events again gives the state that the journal shows', async () => {
  await using setup = await setUpJournal();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 40 }), async (choices) => {
      const runId = `run_p${(count += 1)}`;
      const journals = [setup.journal, setup.again()];
      await setup.journal.create(newRun(runId));
      const leases: Lease[] = [];
      let step = 0;
      for (const choice of choices) {
        const journal = journals[choice % 2]!;
        const held = leases.at(-1);
        const outside: RunEventBody = { kind: 'signal.received', name: 'go', payload: choice, by: 'me' };
        if (choice < 2) {
          setup.clock.advance(leaseMs + 1);
          leases.push((await journal.acquire(runId, `owner ${choice}`, leaseMs))!);
        } else if (choice < 4) await journal.post(runId, outside).catch(onlyEnded);
        else if (!held) continue;
        else if (choice < 6) await journal.append(held, [stepStarted((step += 1))]);
        else if (choice < 7) await journal.append(held, [delta(step, 0, 'some'), stepFinished(step)]);
        else if (choice < 8) await journal.append(held, [{ kind: 'run.parked', waitsFor: { kind: 'signal', name: 'go' } }]);
        // Those that were overtaken may not write, whoever asks.
        else if (choice < 9 && leases.length > 1) await assert.rejects(journal.append(leases[0]!, [finished]), { code: 'lease_lost' });
        else if (choice === 9) await journal.append(held, [resumed(held.epoch)]);
      }
      const events = await setup.again().read(runId, 0, 500);
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1),
      );
      for (const journal of [...journals, setup.again()]) assert.deepEqual(await journal.view(runId), foldRun(events));
    }),
    { numRuns: 40 },
  );
});

function onlyEnded(thrown: unknown): void {
  assert.equal((thrown as { code?: string }).code, 'run_ended');
}
