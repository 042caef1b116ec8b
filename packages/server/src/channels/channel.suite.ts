/** What every channel keeps to, whatever it speaks. A new kind of channel runs it with a few lines about its own outside. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import type { Accepted, Arrival, Channel, Delivery, Intake, Notice, Outlet } from './contract.ts';

export interface Said {
  /** By which the outside knows it. */
  readonly id: string;
  readonly text: string;
}

/** The outside of a channel: those who send to it, and the one whom it tells. */
export interface Outside extends AsyncDisposable {
  /** On the same outside; the ones before may be stopped, or left as a crash leaves them. */
  create(): Channel;
  /** Somebody who may says something. @returns whether it was accepted, and all that they were told */
  say(channel: Channel, said: Said): Promise<{ readonly isAccepted: boolean; readonly told: string }>;
  /** Somebody says something in the name of one who may. */
  forge(channel: Channel, said: Said): Promise<{ readonly isAccepted: boolean; readonly told: string }>;
  /** What the one whom it tells has heard and believed. */
  readonly heard: readonly { readonly id: string; readonly text: string }[];
  /** How they answer from now on: `never` says nothing at all, `gone` wants no more. @default 'well' */
  answer: 'well' | 'badly' | 'never' | 'gone';
  /** Nobody may see these. */
  readonly secrets: readonly string[];
}

interface Desk extends Intake {
  readonly arrivals: Arrival[];
  /** What the next ones are refused with. */
  refusal: OpenClawError | undefined;
}

function createDesk(): Desk {
  const runs = new Map<string, string>();
  const desk: Desk = {
    arrivals: [],
    refusal: undefined,
    async accept(arrival): Promise<Accepted> {
      if (desk.refusal) throw desk.refusal;
      desk.arrivals.push(arrival);
      const known = runs.get(arrival.id);
      const runId = known ?? `run_${runs.size + 1}`;
      runs.set(arrival.id, runId);
      return { runId, isKnown: known !== undefined };
    },
  };
  return desk;
}

function deliver(id: string, text: string): Delivery {
  const notice: Notice = {
    ...{ type: 'run.finished', runId: 'run_1', sessionKey: 'agent:main:main', agentId: 'main', seq: 9 },
    ...{ atMs: 1_700_000_000_000, text },
  };
  return { id, notice };
}

function outletOf(channel: Channel): Outlet {
  assert.ok(channel.outlet, 'the channel of the suite sends');
  return channel.outlet;
}

const notStopped = new AbortController().signal;

export function channelSuite(name: string, open: () => Promise<Outside>): void {
  /** A channel that runs, and its outside. */
  const withRunning = (
    use: (world: { outside: Outside; channel: Channel; desk: Desk; ending: AbortController }) => Promise<void>,
  ): (() => Promise<void>) => {
    return async () => {
      await using outside = await open();
      const [channel, desk, ending] = [outside.create(), createDesk(), new AbortController()];
      await channel.start(desk, ending.signal);
      await use({ outside, channel, desk, ending });
      ending.abort(new OpenClawError('draining'));
      await channel.stop();
    };
  };

  describe(`channel: ${name}`, () => {
    test(
      'what comes in is handed on with its id and its words, and whoever sent it is told once that is done',
      withRunning(async ({ outside, channel, desk }) => {
        const { isAccepted } = await outside.say(channel, { id: 'msg-1', text: 'Good morning ✓' });
        assert.ok(isAccepted);
        assert.equal(desk.arrivals.length, 1);
        assert.match(desk.arrivals[0]?.input ?? '', /Good morning ✓/);
      }),
    );

    test('what comes again has the same id, also after a crash; something else has another', async () => {
      await using outside = await open();
      const desk = createDesk();
      for (const channel of [outside.create(), outside.create()]) {
        await channel.start(desk, notStopped);
        await outside.say(channel, { id: 'msg-1', text: 'one' });
        await outside.say(channel, { id: 'msg-2', text: 'two' });
      }
      const [first, second, again, secondAgain] = desk.arrivals.map(({ id }) => id);
      assert.deepEqual([first, second], [again, secondAgain]);
      assert.notEqual(first, second);
      for (const { id } of desk.arrivals) assert.ok(id.length >= 1 && id.length <= 255);
    });

    test(
      'what somebody else sends in another’s name becomes nothing, and tells them nothing of what is there',
      withRunning(async ({ outside, channel, desk }) => {
        await outside.say(channel, { id: 'msg-1', text: 'one' });
        const forged = await outside.forge(channel, { id: 'msg-1', text: 'one' });
        const forgedNew = await outside.forge(channel, { id: 'msg-9', text: 'nine' });
        assert.deepEqual([forged.isAccepted, forgedNew.isAccepted, desk.arrivals.length], [false, false, 1]);
        assert.equal(forged.told, forgedNew.told);
      }),
    );

    test(
      'where there is no room whoever sent it is told so, and it may come again',
      withRunning(async ({ outside, channel, desk }) => {
        desk.refusal = new OpenClawError('overloaded', { details: { limit: 1, what: 'runs', setting: 'nothing' }, retryAfterMs: 1000 });
        assert.equal((await outside.say(channel, { id: 'msg-1', text: 'one' })).isAccepted, false);
        desk.refusal = undefined;
        assert.equal((await outside.say(channel, { id: 'msg-1', text: 'one' })).isAccepted, true);
        assert.equal(desk.arrivals.length, 1);
      }),
    );

    test('before its start and after its signal nothing comes in, and its status says which it is', async () => {
      await using outside = await open();
      const [channel, desk, ending] = [outside.create(), createDesk(), new AbortController()];
      assert.equal(channel.status().state, 'stopped');
      assert.equal((await outside.say(channel, { id: 'msg-1', text: 'early' })).isAccepted, false);
      await channel.start(desk, ending.signal);
      assert.deepEqual(channel.status(), { state: 'running', problem: null });
      ending.abort(new OpenClawError('draining'));
      assert.equal((await outside.say(channel, { id: 'msg-2', text: 'late' })).isAccepted, false);
      await channel.stop();
      await channel.stop();
      assert.deepEqual([channel.status().state, desk.arrivals.length], ['stopped', 0]);
    });

    test('a start whose signal has come already begins nothing', async () => {
      await using outside = await open();
      const channel = outside.create();
      await assert.rejects(channel.start(createDesk(), AbortSignal.abort(new OpenClawError('draining'))), { code: 'draining' });
      assert.equal(channel.status().state, 'stopped');
    });

    test(
      'a delivery is heard with its id and its words, and the same again has the same id',
      withRunning(async ({ outside, channel }) => {
        const delivery = deliver('dlv_1', 'Done ✓');
        for (let times = 0; times < 2; times += 1)
          assert.deepEqual(await outletOf(channel).send(delivery, notStopped), { kind: 'delivered' });
        assert.deepEqual(outside.heard, [
          { id: 'dlv_1', text: 'Done ✓' },
          { id: 'dlv_1', text: 'Done ✓' },
        ]);
      }),
    );

    test(
      'whatever the other side does, it is an outcome and never thrown: failed, late, or not wanted any more',
      withRunning(async ({ outside, channel }) => {
        const outlet = outletOf(channel);
        const outcomes: string[] = [];
        for (const answer of ['badly', 'never', 'gone', 'well'] as const) {
          outside.answer = answer;
          const result = await outlet.send(deliver('dlv_1', 'x'), notStopped);
          outcomes.push(result.kind);
          if (result.kind !== 'delivered') assert.ok(result.reason.length > 5, answer);
        }
        assert.deepEqual(outcomes, ['failed', 'failed', 'refused', 'delivered']);
      }),
    );

    test(
      'an attempt ends soon after its signal',
      withRunning(async ({ outside, channel }) => {
        outside.answer = 'never';
        const stopping = new AbortController();
        const sending = outletOf(channel).send(deliver('dlv_1', 'x'), stopping.signal);
        const begunMs = performance.now();
        stopping.abort(new OpenClawError('draining'));
        assert.equal((await sending).kind, 'failed');
        assert.ok(performance.now() - begunMs < 150);
      }),
    );

    test(
      'nothing that it says of itself or to others has a secret in it',
      withRunning(async ({ outside, channel }) => {
        const told = [(await outside.forge(channel, { id: 'msg-1', text: 'x' })).told];
        outside.answer = 'badly';
        told.push(JSON.stringify(await outletOf(channel).send(deliver('dlv_1', 'x'), notStopped)));
        const { id, kind, agentId, outlet } = channel;
        told.push(JSON.stringify([channel.status(), { id, kind, agentId, to: outlet?.to, retry: outlet?.retry }]));
        for (const secret of outside.secrets) for (const text of told) assert.ok(!text.includes(secret), text);
      }),
    );
  });
}
