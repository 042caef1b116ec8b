/** What runs look like over HTTP, for the OpenAPI description; the types are those of `@openclaw/protocol`. Bodies of requests are checked against theirs. */
import { effects, programLimits, runStatuses, stepKinds, type JsonSchema, type RunView } from '@openclaw/protocol';
import type { AnswerSchema } from './operation.ts';

const text = (description: string, more: Partial<JsonSchema> = {}): JsonSchema => ({ type: 'string', description, ...more });
const count = (description: string, more: Partial<JsonSchema> = {}): JsonSchema => ({ type: 'integer', minimum: 0, description, ...more });
const anything = (description: string): JsonSchema => ({ description });
const fields = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false,
});

const longestInput = 1_000_000;
const claim = count('What opening the run gave.');
const attempt = count('What beginning the step gave.', { minimum: 1 });

/** By the name of the operation. */
export const runBodies = {
  createRun: fields(
    {
      input: text('What is asked of the agent.', { minLength: 1, maxLength: longestInput }),
      agent: text('@default main', { minLength: 1, maxLength: 200 }),
      session: text('The conversation that it belongs to. @default one of its own', { minLength: 1, maxLength: 500 }),
      idempotencyKey: text('The same key gives the same run, also after a crash.', { minLength: 1, maxLength: 200 }),
      model: text('A route or model. @default that of the agent', { minLength: 1, maxLength: 200 }),
      deadlineMs: count('When it has to be over, in milliseconds since 1970.'),
      limits: fields({
        steps: count('Steps in all.', { minimum: 1 }),
        tokens: count('Tokens in and out.', { minimum: 1 }),
        usd: { type: 'number', minimum: 0, description: 'US dollars.' },
        timeMs: count('Milliseconds from its creation.', { minimum: 1 }),
        children: count('Tasks that it may hand to other agents.'),
        depth: count('Levels of agents below it that may hand tasks on.'),
      }),
    },
    ['input'],
  ),
  cancelRun: fields({ reason: text('For those who look at it later.', { maxLength: 1000 }) }),
  signalRun: fields(
    { name: text('The signal that a run may wait for.', { minLength: 1, maxLength: 200 }), payload: anything('JSON for the run.') },
    ['name'],
  ),
  answerApproval: fields({
    approvalId: text('@default the one that the run waits for', { minLength: 1, maxLength: 200 }),
    note: text('For the model and for those who look later.', { maxLength: 4000 }),
  }),
  resolveOutcome: fields(
    {
      step: count('The step whose outcome is unknown.', { minimum: 1 }),
      decision: text('done: it happened, with `result`; repeat: it did not, do it; failed: it failed, with `message`.', {
        enum: ['done', 'repeat', 'failed'],
      }),
      result: anything('With done.'),
      message: text('With failed.', { maxLength: 4000 }),
    },
    ['step', 'decision'],
  ),
  forkRun: fields({ fromSeq: count('The last event that the new run has in common with this one.', { minimum: 1 }) }, ['fromSeq']),
  openProgram: fields(
    {
      key: text('The same key is the same run.', { minLength: 1, maxLength: programLimits.nameCharacters }),
      input: anything('JSON; the same for the same key.'),
    },
    ['key'],
  ),
  beginStep: fields(
    {
      claim,
      step: count('Its position, from 1.', { minimum: 1, maximum: programLimits.steps }),
      name: text('Its name.', { minLength: 1, maxLength: programLimits.nameCharacters }),
      effect: text('What may happen if it is done twice. @default once', { enum: effects }),
      canReconcile: { type: 'boolean', description: 'Whether the program can look what came of it. @default false' },
    },
    ['claim', 'step', 'name'],
  ),
  finishStep: fields({ claim, attempt, result: anything('JSON of at most `runs.resultBytes` bytes.') }, ['claim', 'attempt']),
  failStep: fields({ claim, attempt, message: text('Why.', { maxLength: longestInput }) }, ['claim', 'attempt', 'message']),
  finishProgram: fields({ claim, steps: count('How many steps it took.'), output: anything('JSON.') }, ['claim', 'steps']),
} as const satisfies Readonly<Record<string, JsonSchema>>;

const time = { type: 'integer', description: 'Milliseconds since 1970.' };
const orNull = (type: string): AnswerSchema => ({ type: [type, 'null'] });
const whole = (properties: Readonly<Record<string, unknown>>): AnswerSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

const failure = whole({
  code: { type: 'string' },
  message: { type: 'string' },
  hint: { type: 'string' },
  retryable: { type: 'boolean' },
});

const session = {
  ...{ key: { type: 'string' }, agentId: { type: 'string' }, label: orNull('string'), model: orNull('string') },
  ...{ messageCount: { type: 'integer' }, createdAtMs: time, updatedAtMs: time },
};

/** Every field that a run has; the compiler holds it to that. */
const run = {
  id: { type: 'string' },
  status: { enum: runStatuses },
  agentId: { type: 'string' },
  sessionKey: { type: 'string' },
  input: { type: 'string' },
  origin: whole({ kind: { enum: ['api', 'chat', 'cli', 'webhook', 'schedule', 'run', 'program'] }, by: { type: 'string' } }),
  model: orNull('string'),
  limits: whole({
    ...{ steps: { type: 'integer' }, tokens: { type: 'integer' }, usd: { type: 'number' }, timeMs: { type: 'integer' } },
    ...{ children: { type: 'integer' }, depth: { type: 'integer' } },
  }),
  ...{ createdAtMs: time, updatedAtMs: time, endedAtMs: orNull('integer'), lastSeq: { type: 'integer' }, steps: { type: 'integer' } },
  ...{ workedMs: { type: 'integer' }, workingSinceMs: orNull('integer') },
  use: whole({ inputTokens: { type: 'integer' }, outputTokens: { type: 'integer' }, costNanoUsd: orNull('integer') }),
  knownCostNanoUsd: { type: 'integer', description: 'What of its cost is known.' },
  waitsFor: {
    description: 'What a parked run waits for; of kind `child` another run, and in `waitsFor` what that waits for, where it does.',
    anyOf: [
      { type: 'null' },
      {
        type: 'object',
        required: ['kind'],
        properties: { kind: { enum: ['approval', 'outcome', 'signal', 'child', 'program', 'storage', 'until'] } },
      },
    ],
  },
  output: { description: 'JSON, once it has finished.' },
  error: { anyOf: [{ type: 'null' }, failure] },
  parentRunId: orNull('string'),
  forkedFrom: { anyOf: [{ type: 'null' }, whole({ runId: { type: 'string' }, seq: { type: 'integer' } })] },
} satisfies Readonly<Record<keyof RunView, AnswerSchema>>;

/** By their names in the description. */
export const runSchemas: Readonly<Record<string, AnswerSchema>> = {
  Run: whole(run),
  RunEvent: {
    type: 'object',
    description:
      'One event of the journal; what else it has depends on its kind, and steps are of one of these kinds: ' + stepKinds.join(', '),
    required: ['runId', 'seq', 'atMs', 'kind'],
    properties: { runId: { type: 'string' }, seq: { type: 'integer' }, atMs: time, kind: { type: 'string' } },
  },
  OpenedProgram: whole({ run: { $ref: '#/components/schemas/Run' }, claim: { type: 'integer' } }),
  BegunStep: {
    type: 'object',
    description: 'done: with its `result`; begun: do it, with `attempt` and `idempotencyKey`; unknown: look; failed: with `message`.',
    required: ['state'],
    properties: { state: { enum: ['done', 'begun', 'unknown', 'failed'] } },
  },
  StepReceipt: whole({ isNew: { type: 'boolean' } }),
  Session: whole(session),
  SessionDetails: whole({
    ...session,
    messages: {
      type: 'array',
      items: whole({
        ...{ seq: { type: 'integer' }, role: { enum: ['user', 'assistant', 'tool'] }, text: { type: 'string' } },
        ...{ atMs: time, runId: { type: 'string' } },
      }),
    },
  }),
  DeletedSession: whole({ key: { type: 'string' }, deleted: { type: 'boolean' } }),
};
