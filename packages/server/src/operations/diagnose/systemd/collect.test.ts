import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';
import { collectUnit } from './collect.ts';

type Entry = readonly [seconds: number, identifier: string, message: string];

function systemd(properties: Readonly<Record<string, string>>, journal: readonly Entry[] | undefined): Lookout {
  return {
    atMs: 1_000_000,
    async ask(question) {
      assert.equal(question.from, 'systemd');
      if (question.as === 'properties')
        return Object.entries({ LoadState: 'loaded', ...properties })
          .map((pair) => pair.join('='))
          .join('\n');
      if (journal === undefined) throw new NotSeen('unreachable', 'journalctl: not in the group systemd-journal');
      return journal
        .map(([at, identifier, text]) =>
          JSON.stringify({ __REALTIME_TIMESTAMP: String(at * 1e6), SYSLOG_IDENTIFIER: identifier, MESSAGE: text }),
        )
        .join('\n');
    },
  };
}

const name = 'web.service';
const life = (at: number): readonly Entry[] => [
  [at, 'systemd', 'Started web.service - Web.'],
  [at + 1, 'node', `words of the life at ${at}`],
  [at + 2, 'systemd', 'web.service: Main process exited, code=exited, status=78/CONFIG'],
];

describe('the evidence of a service', () => {
  it('parts the journal into lives, each with its end and its words', async () => {
    const { lives, restarts, unit } = await collectUnit(
      systemd(
        {
          Restart: 'on-failure',
          NRestarts: '2',
          Result: 'exit-code',
          ActiveState: 'failed',
          SubState: 'failed',
          StartLimitIntervalUSec: '1min 30s',
        },
        [...life(10), ...life(20)],
      ),
      { name },
    );
    assert.deepEqual(
      lives.map(({ startedAtMs, endedAtMs, exitCode, lines }) => [startedAtMs, endedAtMs, exitCode, lines.map(({ text }) => text)]),
      [
        [10_000, 12_000, 78, ['words of the life at 10']],
        [20_000, 22_000, 78, ['words of the life at 20']],
      ],
    );
    assert.deepEqual(restarts, { count: 2, policy: 'on-failure' });
    assert.equal(unit?.startLimitIntervalMs, 90_000);
  });

  it('tells an end for memory and one that was asked for from each other', async () => {
    const journal: readonly Entry[] = [
      [1, 'systemd', 'Started web.service - Web.'],
      [2, 'systemd', 'web.service: A process of this unit has been killed by the OOM killer.'],
      [3, 'systemd', 'web.service: Main process exited, code=killed, status=9/KILL'],
      [4, 'systemd', 'Started web.service - Web.'],
      [5, 'systemd', 'Stopping web.service - Web...'],
      [95, 'systemd', 'web.service: Killing process 12 (node) with signal SIGKILL.'],
      [95, 'systemd', 'web.service: Main process exited, code=killed, status=9/KILL'],
    ];
    const { lives } = await collectUnit(systemd({}, journal), { name });
    assert.deepEqual(
      lives.map(({ outOfMemory, exitCode, killedBy }) => [outOfMemory, exitCode, killedBy.map(({ signal }) => signal)]),
      [
        [true, 137, []],
        [false, 137, ['SIGTERM', 'SIGKILL']],
      ],
    );
  });

  it('knows the last end without a journal, and says that it could not read it', async () => {
    const { lives, unseen } = await collectUnit(systemd({ ExecMainCode: '2', ExecMainStatus: '9', Result: 'start-limit-hit' }, undefined), {
      name,
    });
    assert.deepEqual(
      lives.map(({ exitCode, signal }) => [exitCode, signal]),
      [[137, 'SIGKILL']],
    );
    assert.match(unseen[0]?.why ?? '', /systemd-journal/);
  });

  it('is not there for a unit that systemd does not know', async () => {
    await assert.rejects(
      collectUnit(systemd({ LoadState: 'not-found' }, []), { name }),
      (error) => error instanceof NotSeen && error.reason === 'missing',
    );
  });
});
