import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import type { ChannelView, DeliveryView } from '@openclaw/protocol';
import { registerChannelsCommands, type ChannelsClient } from './channels.ts';

const ci: ChannelView = {
  ...{ id: 'ci', kind: 'webhook', state: 'running', agentId: 'main', receivesAt: '/hooks/ci', sendsTo: 'https://a.example' },
  ...{ lastReceivedAtMs: Date.parse('2026-01-02T09:00:00Z'), lastDeliveredAtMs: null, problem: 'no\u001b[2J answer' },
  deliveries: { waiting: 2, dead: 1 },
};

const dead: DeliveryView = {
  ...{ id: 'dlv_1_9', channelId: 'ci', runId: 'run_1', type: 'run.finished', state: 'dead', attempts: 30 },
  ...{ createdAtMs: Date.parse('2026-01-02T09:00:00Z'), nextAttemptAtMs: null, settledAtMs: 1, failure: 'the receiver answered 500' },
};

async function run(line: string, answers: Partial<ChannelsClient> = {}) {
  let [stdout, stderr] = ['', ''];
  const asked: unknown[] = [];
  const io = { stdout: { write: (text: string) => void (stdout += text) }, stderr: { write: (text: string) => void (stderr += text) } };
  const program = new Command('openclaw').exitOverride().configureOutput({ writeOut: io.stdout.write, writeErr: io.stderr.write });
  const channels: ChannelsClient = {
    list: async () => [ci],
    deliveries: async (question) => (asked.push(question), [dead]),
    redeliver: async (id) => (asked.push(id), { ...dead, state: 'waiting', attempts: 0 }),
    ...answers,
  };
  registerChannelsCommands(program, { io, channels });
  await program.parseAsync(line.split(' '), { from: 'user' });
  const rows = stdout.split('\n').map((row) => row.replace(/ {2,}/g, '|').trimEnd());
  return { stdout, stderr, asked, rows };
}

test('channels are listed with where they receive and whom they tell, and shown with how they are', async () => {
  assert.equal((await run('channels list')).rows[1], 'ci|webhook|/hooks/ci|main|https://a.example');
  const { rows, stdout } = await run('channels status');
  assert.match(rows[1] ?? '', /^ci\|running\|2026-01-02 09:00:00Z\|-\|2\|1\|no\?\[2J answer$/);
  assert.doesNotMatch(stdout, /\u001b/);
  assert.deepEqual(JSON.parse((await run('channels status -o json')).stdout), { channels: [ci] });
});

test('no channels are none, and the setting is named', async () => {
  const { stdout, stderr } = await run('channels list', { list: async () => [] });
  assert.deepEqual([stdout, stderr], ['', 'No channels: they are written in channels.webhook of the configuration.\n']);
});

test('deliveries are shown with what became of them; with --dead those alone that were given up', async () => {
  const { rows, asked } = await run('channels deliveries ci --dead --limit 5');
  assert.equal(rows[1], 'dlv_1_9|run.finished|dead|30|2026-01-02 09:00:00Z|-|the receiver answered 500');
  assert.deepEqual(asked, [{ channelId: 'ci', limit: 5, state: 'dead' }]);
  assert.deepEqual((await run('channels deliveries ci')).asked, [{ channelId: 'ci', limit: 20 }]);
  assert.deepEqual((await run('channels deliveries ci --dead', { deliveries: async () => [] })).stderr, 'None was given up.\n');
  await assert.rejects(run('channels deliveries ci --limit 0'), { code: 'commander.invalidArgument' });
});

test('one is sent again by its id', async () => {
  const { stdout, asked } = await run('channels redeliver dlv_1_9');
  assert.deepEqual(asked, ['dlv_1_9']);
  assert.equal(stdout, 'dlv_1_9 is sent again; openclaw channels deliveries ci shows what becomes of it.\n');
});
