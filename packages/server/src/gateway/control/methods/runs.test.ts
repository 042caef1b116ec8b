import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import type { TurnEvent } from '../run-starter.ts';
import { openMethods, run } from './methods.fixture.ts';

const head = { runId: 'run-1', atMs: 1000 };
const parked: RunEvent = { ...head, seq: 2, kind: 'run.parked', waitsFor: { kind: 'program' } };
const cancelled: RunEvent = { ...head, seq: 3, kind: 'run.cancelled', by: 'me' };
const call = { callId: 'call-1', name: 'exec', argumentsText: '{"command":"ls"}' };
const asked = { ...head, seq: 2, kind: 'approval.requested', approvalId: 'a-1', step: 2, call, why: 'it asks' } as const;

test('runs are listed in pages and shown one by one', async () => {
  const { call: ask, runs } = openMethods();
  for (const id of ['run-1', 'run-2', 'run-3']) runs.runs.set(id, { view: { ...run, id }, events: [] });
  const page = (await ask('runs.list', { limit: 2, status: 'running' })) as { runs: { id: string }[]; hasMore: boolean; nextAfter: string };
  assert.deepEqual([page.runs.map(({ id }) => id), page.hasMore, page.nextAfter], [['run-1', 'run-2'], true, 'run-2']);
  assert.equal(((await ask('runs.get', { runId: 'run-3' })) as { id: string }).id, 'run-3');
  await assert.rejects(ask('runs.get', { runId: 'none' }), { code: 'run_not_found' });
  await assert.rejects(ask('runs.list', { status: 'lost' }), { param: 'status' });
});

test('the events of a run come from the one that was seen last, to who asks, until the run ends', async () => {
  const { call: ask, connect, runs } = openMethods();
  runs.runs.set('run-1', { view: run, events: [parked, cancelled] });
  const client = connect(['operator.read']);
  const accepted: unknown[] = [];
  const end = await ask('runs.events.subscribe', { runId: 'run-1', after: 2 }, { client, accepted });
  assert.deepEqual(accepted, [{ runId: 'run-1', subscribed: true, lastSeq: 2, status: 'accepted', runStatus: 'running' }]);
  assert.deepEqual(client.events, [{ event: 'run.event', payload: { runId: 'run-1', event: cancelled } }]);
  assert.deepEqual(end, { runId: 'run-1', subscribed: false, lastSeq: 3 });
  assert.deepEqual(await ask('runs.events.unsubscribe', { runId: 'run-1' }, { client }), { ok: true, unsubscribed: false });
});

test('who may write stops, tries again and forks; who may approve answers; each under their name', async () => {
  const { call: ask, connect, runs } = openMethods();
  runs.runs.set('run-1', { view: run, events: [] });
  const writer = { client: connect(['operator.write']) };
  const approver = { client: connect(['operator.approvals'], { deviceId: 'd1' }) };
  await ask('runs.cancel', { runId: 'run-1', reason: 'enough' }, writer);
  await ask('runs.signal', { runId: 'run-1', name: 'go', payload: { n: 1 } }, writer);
  await ask('runs.retry', { runId: 'run-1' }, writer);
  await ask('runs.fork', { runId: 'run-1', fromSeq: 5 }, writer);
  await ask('runs.approve', { runId: 'run-1' }, approver);
  await ask('runs.reject', { runId: 'run-1', approvalId: 'a-1', note: 'no' }, approver);
  await ask('runs.outcome', { runId: 'run-1', step: 3, decision: { kind: 'failed', message: 'it did not' } }, approver);
  const by = 'gateway-token';
  assert.deepEqual(runs.asked, [
    ['cancel', 'run-1', by, 'enough'],
    ['signal', 'run-1', { name: 'go', payload: { n: 1 } }, by],
    ['retry', 'run-1', by],
    ['fork', 'run-1', 5, { kind: 'cli', by }],
    ['resolveApproval', { runId: 'run-1' }, { approved: true, by: 'device:d1' }],
    ['resolveApproval', { runId: 'run-1', approvalId: 'a-1' }, { approved: false, by: 'device:d1', note: 'no' }],
    ['resolveOutcome', { runId: 'run-1', step: 3 }, { kind: 'failed', message: 'it did not' }, 'device:d1'],
  ]);
  await assert.rejects(ask('runs.approve', { runId: 'run-1' }, writer), /missing scope: operator.approvals/);
  await assert.rejects(ask('runs.cancel', { runId: 'run-1' }, approver), /missing scope: operator.write/);
  await assert.rejects(ask('runs.outcome', { runId: 'run-1', step: 3, decision: { kind: 'perhaps' } }), { param: 'decision' });
});

test('open approvals are listed as clients know them, commands apart, and answered by their id', async () => {
  const { call: ask, runs, turns } = openMethods();
  runs.runs.set('run-1', { view: run, events: [] });
  const common = { runId: 'run-1', sessionKey: run.sessionKey, agentId: 'main', step: 2, why: 'it asks', askedAtMs: 1000 };
  turns.openApprovals.push({ ...common, approvalId: 'a-1', call }, { ...common, approvalId: 'a-2', call: { ...call, name: 'write' } });
  const [command, ...none] = (await ask('exec.approval.list')) as { id: string; request: Record<string, unknown> }[];
  assert.deepEqual([command?.id, command?.request['command'], command?.request['agentId'], none], ['a-1', 'ls', 'main', []]);
  const [other] = (await ask('openclaw.approval.list')) as { id: string; request: Record<string, unknown> }[];
  assert.deepEqual([other?.id, other?.request['title'], other?.request['args']], ['a-2', 'main asks to use write', { command: 'ls' }]);
  await ask('exec.approval.resolve', { id: 'a-2', decision: 'allow-once' });
  await ask('openclaw.approval.resolve', { id: 'a-1', decision: 'deny', note: 'no' });
  assert.deepEqual(runs.asked, [
    ['resolveApproval', { runId: 'run-1', approvalId: 'a-2' }, { approved: true, by: 'gateway-token' }],
    ['resolveApproval', { runId: 'run-1', approvalId: 'a-1' }, { approved: false, by: 'gateway-token', note: 'no' }],
  ]);
  await assert.rejects(ask('exec.approval.resolve', { id: 'a-1', decision: 'allow-always' }), { param: 'decision' });
  await assert.rejects(ask('exec.approval.resolve', { id: 'none', decision: 'deny' }), /unknown or expired approval id/);
});

test('how a run stands is told to who may read, and what it asks for to who may answer', () => {
  const { connect, turns } = openMethods();
  const [reader, approver] = [connect(['operator.read']), connect(['operator.approvals'])];
  const delta: RunEvent = { ...head, seq: 1, kind: 'step.delta', step: 1, attempt: 1, offset: 0, text: 'Hi' };
  turns.commit([delta, asked], run);
  turns.commit([{ ...head, seq: 3, kind: 'approval.resolved', approvalId: 'a-1', approved: true, by: 'me', note: null }], run);
  turns.commit([{ ...asked, approvalId: 'a-2', call: { ...call, name: 'write' } }], run);
  const told = reader.events.map(({ event, payload }) => [event, (payload as { kind: string }).kind]);
  assert.deepEqual(told, [
    ['run', 'approval.requested'],
    ['run', 'approval.resolved'],
    ['run', 'approval.requested'],
  ]);
  assert.deepEqual(
    approver.events.map(({ event, payload }) => [event, (payload as { id: string }).id]),
    [
      ['exec.approval.requested', 'a-1'],
      ['exec.approval.resolved', 'a-1'],
      ['openclaw.approval.requested', 'a-2'],
    ],
  );
});

test('tools are told to clients that show them; words that count no more are replaced', () => {
  const { connect, turns } = openMethods();
  const [plain, shows] = [connect(['operator.read']), connect(['operator.read'])];
  (shows.capabilities as Set<string>).add('tool-events');
  const turn = { ...head, sessionKey: run.sessionKey, agentId: 'main' };
  const events: TurnEvent[] = [
    { ...turn, seq: 1, kind: 'toolStarted', call },
    { ...turn, seq: 2, kind: 'toolEnded', call, text: 'a file', isError: false },
    { ...turn, seq: 3, kind: 'delta', delta: '', text: '', replace: true },
  ];
  for (const event of events) turns.tell(event);
  const data = shows.events.filter(({ event }) => event === 'agent').map(({ payload }) => (payload as { data: object }).data);
  assert.deepEqual(data, [
    { phase: 'start', toolCallId: 'call-1', name: 'exec', args: { command: 'ls' } },
    { phase: 'result', toolCallId: 'call-1', name: 'exec', result: { content: [{ type: 'text', text: 'a file' }] }, isError: false },
    { delta: '', text: '', replace: true },
  ]);
  assert.deepEqual(
    plain.events.map(({ event }) => event),
    ['agent', 'chat'],
  );
  assert.equal((plain.events[1]?.payload as { replace: boolean } | undefined)?.replace, true);
});
