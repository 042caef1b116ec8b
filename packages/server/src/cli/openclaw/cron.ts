/** `openclaw cron add|list|show|remove|enable|disable|run|runs`: runs that begin at set times. The gateway keeps them; without one nothing begins. */
import { type Command, Option } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { formatTable, widthOf } from '../table.ts';
import type { ControlCommandContext, ControlSession } from './control.ts';
import { readSchedule, timingWords, type TimingFlags } from './cron-timing.ts';
import type { TargetFlags } from '../gateway-target.ts';
import { listAt, numberAt, objectAt, textAt } from './payload.ts';
import { addOutput, addTargetFlags, visible, type OutputFlags } from './target-flags.ts';

type Flags = TargetFlags & OutputFlags;
type ListFlags = Flags & { readonly all?: boolean };
type RunsFlags = Flags & { readonly limit: string };

interface AddFlags extends Flags, TimingFlags {
  readonly name: string;
  readonly message: string;
  readonly agent?: string;
  readonly session?: string;
  readonly model?: string;
  readonly description?: string;
  readonly catchUp: 'none' | 'one';
  readonly disabled?: boolean;
}

export function registerCronCommands(program: Command, context: ControlCommandContext): void {
  const group = program.command('cron').description('runs that begin at set times');
  const add = (name: string, description: string, examples: readonly string[]): Command =>
    addOutput(addTargetFlags(group.command(name)), name === 'list' || name === 'runs' ? 'table' : 'text')
      .description(description)
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  openclaw cron ${line}\n`).join('')}`);
  registerAdd(add, context);
  add('list', 'list what begins when', ['list', 'list --all -o json'])
    .option('--all', 'also those that are disabled')
    .action((flags: ListFlags) => list(flags, context));
  add('show', 'show one, with when it is due next', ['show report'])
    .argument('<name>', 'its name or id')
    .action((name: string, flags: Flags) => show(name, flags, context));
  add('remove', 'forget one; runs that it began go on', ['remove report'])
    .alias('rm')
    .argument('<name>', 'its name or id')
    .action((name: string, flags: Flags) => change({ name, flags, method: 'cron.remove', words: 'removed' }, context));
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    add(verb, enabled ? 'let it begin runs again' : 'let it begin no runs; it stays', [`${verb} report`])
      .argument('<name>', 'its name or id')
      .action((name: string, flags: Flags) =>
        change({ name, flags, method: 'cron.update', words: `${verb}d`, params: { patch: { enabled } } }, context),
      );
  }
  add('run', 'begin a run now, besides its times', ['run report'])
    .argument('<name>', 'its name or id')
    .action((name: string, flags: Flags) => runNow(name, flags, context));
  add('runs', 'show what became of its times, the latest first', ['runs report', 'runs report --limit 5'])
    .argument('<name>', 'its name or id')
    .option('--limit <number>', 'how many', '20')
    .action((name: string, flags: RunsFlags) => runs(name, flags, context));
}

function registerAdd(
  add: (name: string, description: string, examples: readonly string[]) => Command,
  context: ControlCommandContext,
): void {
  add('add', 'begin runs at set times', [
    'add --name report --cron "0 9 * * 1-5" --tz Europe/Berlin --message "Write the report."',
    'add --name inbox --every 30m --agent reader --session inbox --message "Anything new?"',
    'add --name reminder --at 2026-12-31T09:00:00Z --message "Wish a happy new year."',
  ])
    .requiredOption('--name <name>', 'what it is called')
    .requiredOption('--message <text>', 'what the agent is asked')
    .option('--cron <expression>', 'when: minute, hour, day of the month, month, weekday')
    .option('--tz <zone>', 'of the cron expression, such as Europe/Berlin (default: UTC)')
    .option('--every <time>', 'when: so often from now on, such as 30m')
    .option('--at <moment>', 'when: once, such as 2026-12-31T09:00:00Z')
    .option('--agent <agent>', 'who is asked (default: whoever is asked by default)')
    .option('--session <session>', 'the conversation that all its runs are part of (default: each has one of its own)')
    .option('--model <model>', 'the model that answers')
    .option('--description <text>', 'what it is for')
    .addOption(
      new Option('--catch-up <policy>', 'what is made up for of times that were missed by more than an hour')
        .choices(['none', 'one'])
        .default('none'),
    )
    .option('--disabled', 'begin nothing before it is enabled')
    .action((flags: AddFlags) => addOne(flags, context));
}

async function addOne(flags: AddFlags, { io, connect }: ControlCommandContext): Promise<void> {
  const { name, message, agent, session, model, description, catchUp } = flags;
  const params = {
    ...{ name, catchUp, schedule: readSchedule(flags), enabled: flags.disabled !== true },
    sessionTarget: session === undefined ? 'isolated' : `session:${session}`,
    payload: { kind: 'agentTurn', message, ...(model === undefined ? {} : { model }) },
    ...(agent === undefined ? {} : { agentId: agent }),
    ...(description === undefined ? {} : { description }),
  };
  const job = await connect({ flags, scopes: ['operator.admin'] }, ({ request }) => request<JsonObject>('cron.add', params));
  print(job, [`${name} is added. ${nextWords(job)}`], { flags, io });
}

async function list(flags: ListFlags, { io, connect }: ControlCommandContext): Promise<void> {
  const jobs = await connect({ flags, scopes: ['operator.read'] }, (session) => allJobs(session, flags.all === true));
  if (flags.output === 'json') {
    io.stdout.write(`${JSON.stringify({ jobs }, null, 2)}\n`);
    return;
  }
  if (jobs.length === 0) {
    io.stderr.write('No schedules.\n');
    return;
  }
  const columns = ['NAME', 'WHEN', 'NEXT', 'LAST', 'RESULT', 'AGENT'].map((heading) => ({ heading }));
  const rows = jobs.map((job) => {
    const state = objectAt(job, 'state');
    return [
      ...[visible(textAt(job, 'name') ?? ''), timingWords(objectAt(job, 'schedule')), nextOf(job)],
      ...[moment(numberAt(state, 'lastRunAtMs')), resultOf(state), visible(textAt(job, 'agentId') ?? '')],
    ];
  });
  io.stdout.write(formatTable(columns, rows, { width: widthOf(io.stdout) }));
}

async function show(name: string, flags: Flags, { io, connect }: ControlCommandContext): Promise<void> {
  const job = await connect({ flags, scopes: ['operator.read'] }, async ({ request }) => request<JsonObject>('cron.get', { id: name }));
  const state = objectAt(job, 'state');
  const lines: [string, string | undefined][] = [
    ['name', textAt(job, 'name')],
    ['id', textAt(job, 'id')],
    ['when', timingWords(objectAt(job, 'schedule'))],
    ['next', nextOf(job)],
    ['catch up', textAt(job, 'catchUp')],
    ['agent', textAt(job, 'agentId')],
    ['session', textAt(job, 'sessionTarget')],
    ['model', textAt(objectAt(job, 'payload'), 'model')],
    ['message', textAt(objectAt(job, 'payload'), 'message')],
    ['description', textAt(job, 'description')],
    ['last', moment(numberAt(state, 'lastRunAtMs'))],
    ['result', resultOf(state)],
    ['reason', textAt(state, 'lastError')],
  ];
  const shown = lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
  print(
    job,
    shown.map(([label, value]) => `${label.padEnd(12)}${visible(value)}`),
    { flags, io },
  );
}

async function runNow(name: string, flags: Flags, { io, connect }: ControlCommandContext): Promise<void> {
  const answer = await connect({ flags, scopes: ['operator.admin'] }, ({ request }) =>
    request<JsonObject>('cron.run', { id: name, mode: 'force' }),
  );
  if (answer['ran'] === false) {
    const reason = textAt(answer, 'message') ?? `${name} was not run: ${textAt(answer, 'reason') ?? 'the gateway says no more'}`;
    throw new OpenClawError('command_refused', {
      details: { reason: reason.replace(/\.$/, ''), suggestion: `\`openclaw cron runs ${name}\` shows it.` },
    });
  }
  print(answer, [`${name} has begun the run ${textAt(answer, 'runId') ?? ''}.`], { flags, io });
}

async function runs(name: string, flags: RunsFlags, { io, connect }: ControlCommandContext): Promise<void> {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    const details = { reason: `--limit ${flags.limit} is no number from 1 to 200`, suggestion: 'Write it like --limit 20.' };
    throw new OpenClawError('usage_error', { details });
  }
  const answer = await connect({ flags, scopes: ['operator.read'] }, ({ request }) =>
    request<JsonObject>('cron.runs', { id: name, limit }),
  );
  if (flags.output === 'json') {
    io.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  const entries = listAt(answer, 'entries');
  if (entries.length === 0) {
    io.stderr.write(`${name} has not been due yet.\n`);
    return;
  }
  const columns = [{ heading: 'DUE' }, { heading: 'RESULT' }, { heading: 'RUN', cut: 'never' as const }, { heading: 'REASON' }];
  const rows = entries.map((entry) => [
    ...[moment(numberAt(entry, 'runAtMs')), textAt(entry, 'status') ?? '', textAt(entry, 'runId') ?? ''],
    visible(textAt(entry, 'error') ?? ''),
  ]);
  io.stdout.write(formatTable(columns, rows, { width: widthOf(io.stdout) }));
}

interface Change {
  readonly name: string;
  readonly flags: Flags;
  readonly method: string;
  readonly params?: JsonObject;
  /** The end of a sentence about it. */
  readonly words: string;
}

async function change({ name, flags, method, params = {}, words }: Change, { io, connect }: ControlCommandContext): Promise<void> {
  const answer = await connect({ flags, scopes: ['operator.admin'] }, ({ request }) =>
    request<JsonObject>(method, { id: name, ...params }),
  );
  print(answer, [`${name} is ${words}.`], { flags, io });
}

/** Pages until there are no more; jobs that come or go meanwhile may be missed or seen twice, as in any list. */
async function allJobs({ request }: ControlSession, includeDisabled: boolean): Promise<JsonObject[]> {
  const jobs: JsonObject[] = [];
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const page: JsonObject = await request<JsonObject>('cron.list', { includeDisabled, limit: 200, offset });
    jobs.push(...listAt(page, 'jobs').filter(isJsonObject));
    const next: number | undefined = numberAt(page, 'nextOffset');
    offset = next !== undefined && next > offset ? next : undefined;
  }
  return jobs;
}

function print(
  answer: JsonObject,
  lines: readonly string[],
  { flags, io }: { readonly flags: Flags; readonly io: ControlCommandContext['io'] },
): void {
  io.stdout.write(flags.output === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : `${lines.join('\n')}\n`);
}

function nextWords(job: JsonObject): string {
  const next = numberAt(objectAt(job, 'state'), 'nextRunAtMs');
  return next === undefined ? 'It begins nothing before it is enabled.' : `It is due next at ${moment(next)}.`;
}

function nextOf(job: JsonObject): string {
  return job['enabled'] === false ? 'disabled' : moment(numberAt(objectAt(job, 'state'), 'nextRunAtMs')) || 'never again';
}

function resultOf(state: JsonObject): string {
  return numberAt(state, 'runningAtMs') === undefined ? (textAt(state, 'lastRunStatus') ?? '') : 'running';
}

function moment(atMs: number | undefined): string {
  return atMs === undefined ? '' : `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
