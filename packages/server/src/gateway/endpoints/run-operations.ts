/** The operations on runs and sessions: the one table that requests are held against and that the OpenAPI description is made of. */
import { runStatuses, type JsonSchema } from '@openclaw/protocol';
import { listOf, named, type Answer, type Operation } from './operation.ts';
import { runBodies } from './run-schemas.ts';

const run = (description: string): Answer => ({ description, schema: named('Run') });
const place = (path: string): Pick<Operation, 'method' | 'path'> => ({ method: 'POST', path: `/v1/runs/{id}/${path}` });

const page: Readonly<Record<string, JsonSchema>> = {
  after: { type: 'string', description: 'Id of the last one of the page before.' },
  limit: { type: 'integer', minimum: 1, maximum: 100, description: '@default 20' },
};

export const runOperations = {
  createRun: {
    ...{ method: 'POST', path: '/v1/runs', needs: 'runs', body: runBodies.createRun },
    summary: 'Sets an agent to work.',
    answers: { 201: run('A new run, durable.'), 200: run('The run of the same idempotencyKey.') },
    errors: ['agent_not_found', 'model_not_found', 'model_forbidden', 'price_unknown', 'idempotency_key_reused', 'overloaded', 'draining'],
  },
  listRuns: {
    ...{ method: 'GET', path: '/v1/runs', needs: 'runs' },
    summary: 'Runs, the latest first. A key with the scope runs sees its own.',
    query: {
      session: { type: 'string', description: 'Of this session.' },
      status: { type: 'string', enum: runStatuses, description: 'As they stand.' },
      agent: { type: 'string', description: 'Of this agent.' },
      parent: { type: 'string', description: 'Begun by this run.' },
      ...page,
    },
    answers: { 200: { description: 'A page of them.', schema: listOf('Run') } },
  },
  openProgram: {
    ...{ method: 'POST', path: '/v1/runs/open', needs: 'runs', body: runBodies.openProgram },
    summary: 'Opens the run of a program that does its steps itself; the same key is the same run.',
    answers: {
      201: { description: 'A new one.', schema: named('OpenedProgram') },
      200: { description: 'The one that was begun before.', schema: named('OpenedProgram') },
    },
    errors: ['idempotency_key_reused', 'run_ended'],
  },
  getRun: {
    ...{ method: 'GET', path: '/v1/runs/{id}', needs: 'runs' },
    summary: 'How a run stands.',
    answers: { 200: run('It.') },
    errors: ['run_not_found'],
  },
  runEvents: {
    ...{ method: 'GET', path: '/v1/runs/{id}/events', needs: 'runs' },
    summary: 'The events of a run, those that were and those that come, to its end. Last-Event-ID goes before `after`.',
    query: { after: { type: 'integer', minimum: 0, description: 'Sequence number to go on from. @default 0' } },
    answers: {
      200: {
        description:
          '`id` is the sequence number, `event` the kind, `data` the event as JSON. The last one is `end`, when the run has ended.',
        schema: named('RunEvent'),
        contentType: 'text/event-stream',
      },
    },
    errors: ['run_not_found'],
  },
  cancelRun: {
    ...{ ...place('cancel'), needs: 'runs', body: runBodies.cancelRun },
    summary: 'Ends a run, with what it has so far.',
    answers: { 200: run('It, with the wish to end it.') },
    errors: ['run_not_found', 'run_ended'],
  },
  signalRun: {
    ...{ ...place('signal'), needs: 'runs', body: runBodies.signalRun },
    summary: 'Tells a run something that it may wait for.',
    answers: { 200: run('It.') },
    errors: ['run_not_found', 'run_ended'],
  },
  approveRun: {
    ...{ ...place('approve'), needs: 'admin', body: runBodies.answerApproval },
    summary: 'Lets the call be made that a run asks for.',
    answers: { 200: run('It goes on.') },
    errors: ['run_not_found', 'approval_not_found', 'approval_resolved'],
  },
  rejectRun: {
    ...{ ...place('reject'), needs: 'admin', body: runBodies.answerApproval },
    summary: 'Refuses that call; the model is told.',
    answers: { 200: run('It goes on.') },
    errors: ['run_not_found', 'approval_not_found', 'approval_resolved'],
  },
  resolveOutcome: {
    ...{ ...place('outcome'), needs: 'admin', body: runBodies.resolveOutcome },
    summary: 'Says what came of a call that was under way in a crash.',
    answers: { 200: run('It goes on.') },
    errors: ['run_not_found', 'outcome_not_open'],
  },
  retryRun: {
    ...{ ...place('retry'), needs: 'runs' },
    summary: 'Lets a run that failed go on at the step that failed.',
    answers: { 200: run('It goes on.') },
    errors: ['run_not_found', 'run_not_failed', 'run_of_program'],
  },
  forkRun: {
    ...{ ...place('fork'), needs: 'runs', body: runBodies.forkRun },
    summary: 'A new run with the same history up to an event.',
    answers: { 201: run('The new one.') },
    errors: ['run_not_found', 'run_of_program'],
  },
  beginStep: {
    ...{ ...place('steps'), needs: 'runs', body: runBodies.beginStep },
    summary: 'Of a program: a step begins, or is told how it ended before.',
    answers: { 200: { description: 'What is to be done.', schema: named('BegunStep') } },
    errors: ['run_not_found', 'run_ended', 'lease_lost', 'run_diverged', 'outcome_unknown'],
  },
  finishStep: {
    ...{ ...place('steps/{step}/finish'), needs: 'runs', body: runBodies.finishStep, takesLargeBody: true },
    summary: 'Of a program: the result of a step. Again, it changes nothing.',
    answers: { 200: { description: 'It is durable.', schema: named('StepReceipt') } },
    errors: ['run_not_found', 'run_ended', 'lease_lost', 'step_not_open', 'step_result_too_large', 'storage_full'],
  },
  failStep: {
    ...{ ...place('steps/{step}/fail'), needs: 'runs', body: runBodies.failStep },
    summary: 'Of a program: a step failed.',
    answers: { 200: { description: 'It is durable.', schema: named('StepReceipt') } },
    errors: ['run_not_found', 'run_ended', 'lease_lost', 'step_not_open'],
  },
  finishProgram: {
    ...{ ...place('finish'), needs: 'runs', body: runBodies.finishProgram },
    summary: 'Of a program: it is done.',
    answers: { 200: run('It has finished.') },
    errors: ['run_not_found', 'run_ended', 'lease_lost', 'run_diverged'],
  },
  listSessions: {
    ...{ method: 'GET', path: '/v1/sessions', needs: 'admin' },
    summary: 'Sessions, the latest first.',
    query: { limit: page['limit'] ?? {}, after: { type: 'string', description: '`next_after` of the page before.' } },
    answers: { 200: { description: 'A page of them.', schema: listOf('Session') } },
  },
  getSession: {
    ...{ method: 'GET', path: '/v1/sessions/{key}', needs: 'admin' },
    summary: 'A session with its last messages.',
    query: { limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'How many messages. @default 100' } },
    answers: { 200: { description: 'It.', schema: named('SessionDetails') } },
    errors: ['session_not_found'],
  },
  deleteSession: {
    ...{ method: 'DELETE', path: '/v1/sessions/{key}', needs: 'admin' },
    summary: 'Forgets a session; what runs in it is stopped first.',
    answers: { 200: { description: 'It is gone.', schema: named('DeletedSession') } },
    errors: ['session_not_found'],
  },
  compactSession: {
    ...{ method: 'POST', path: '/v1/sessions/{key}/compact', needs: 'admin' },
    summary: 'Summarises the older part of a session; the original stays in the journal.',
    answers: { 200: { description: 'It, with its summary.', schema: named('SessionDetails') } },
    errors: ['session_not_found', 'not_in_release'],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type RunOperationName = keyof typeof runOperations;
