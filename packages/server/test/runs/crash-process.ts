/**
 * The process that is killed: a run engine on a real state directory, with a model that plays a script and tools that act on a real server and a
 * real file. Started by `crash-loop.ts` over IPC.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { createIds } from '../../src/core/ids.ts';
import { createLog } from '../../src/core/log.ts';
import type { Agent, ModelCaller } from '../../src/runs/engine/contract.ts';
import { createRunEngine } from '../../src/runs/engine/engine.ts';
import { createJournal } from '../../src/runs/journal/journal.ts';
import type { Tool, ToolResult } from '../../src/runs/tools/contract.ts';
import { createHandOverTool } from '../../src/runs/tools/hand-over.ts';
import { openState } from '../../src/storage/index.ts';
import type { FromProcess, ToProcess } from './crash-loop.ts';

const [directory = '', server = ''] = process.argv.slice(2);
const order = ['look', 'put', 'send', 'note', 'agent'] as const;
const turns = 10;

const send = (message: FromProcess): void => void process.send?.(message);

/**
 * Ten answers with a call each and the last answer: twenty-one steps. Text comes in pieces, so that kills meet it in the middle. Whoever is handed a
 * task makes one call for it.
 */
const callModel: ModelCaller = async function* answer({ model, messages }) {
  const answers = messages.filter(({ role }) => role === 'assistant').length;
  for (const word of `step ${answers} of the way is thought about`.split(/(?<= )/)) {
    yield { kind: 'text', text: word };
    await pause();
  }
  const isHelper = model === 'helper';
  const name = isHelper ? 'put' : (order[answers % order.length] ?? 'look');
  const given = name === 'agent' ? { agent: 'helper', task: `task ${answers}` } : { answers };
  if (answers < (isHelper ? 1 : turns))
    yield { kind: 'toolCall', call: { callId: `call ${answers}`, name, argumentsText: JSON.stringify(given) } };
  yield { kind: 'end', finishReason: 'stop', use: { inputTokens: 1, outputTokens: 1, costNanoUsd: 1 } };
};

/** Long enough for a kill to hit, whatever the phase. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

async function ask(method: string, key: string): Promise<ToolResult> {
  const response = await fetch(`${server}/${method}/${encodeURIComponent(key)}`, { method });
  return { isError: !response.ok, text: await response.text() };
}

const file = join(directory, 'notes.txt');
const tool = (name: string, more: Pick<Tool, 'effect' | 'run' | 'reconcile'>): Tool => ({
  name,
  description: name,
  parameters: { type: 'object' },
  ...more,
});
const tools: readonly Tool[] = [
  createHandOverTool([{ id: 'helper', description: undefined }]),
  tool('look', { effect: 'read', run: ({ idempotencyKey }) => ask('GET', idempotencyKey) }),
  tool('put', { effect: 'idempotent', run: ({ idempotencyKey }) => ask('PUT', idempotencyKey) }),
  tool('send', { effect: 'once', run: ({ idempotencyKey }) => ask('POST', idempotencyKey) }),
  tool('note', {
    effect: 'once',
    async run({ idempotencyKey }) {
      await pause();
      await appendFile(file, `${idempotencyKey}\n`);
      await pause();
      return { isError: false, text: 'noted' };
    },
    async reconcile({ idempotencyKey }) {
      const notes = await readFile(file, 'utf8').catch(() => '');
      return notes.split('\n').includes(idempotencyKey) ? { isError: false, text: 'noted' } : undefined;
    },
  }),
];

const limits = { steps: 100, tokens: 1e9, usd: 1e9, timeMs: 1e9, children: 20, depth: 1 };
const main: Agent = { id: 'main', model: 'script', instructions: '', limits };
const agents = new Map([main, { ...main, id: 'helper', model: 'helper' }].map((agent) => [agent.id, agent]));
// From here on: the journal is replayed, and the runs that it knows of are taken up.
send({ kind: 'recovering' });
const state = await openState(directory, { clock: systemClock });
const journal = createJournal({ database: state.database, clock: systemClock });
const engine = createRunEngine({
  journal,
  ...{ clock: systemClock, ids: createIds(), owner: 'gateway', callModel },
  log: createLog({ clock: systemClock, level: 'silent', destinations: [] }),
  agents: { get: (id) => agents.get(id) ?? main, list: () => [...agents.values()] },
  toolbox: { list: async () => tools, policy: () => 'allow', close: async () => {} },
  window: { fit: (messages) => ({ kind: 'fits', messages, tokens: 0 }) },
  windowOf: () => ({ contextTokens: 1e9, answerTokens: 0 }),
  defaultModel: () => 'script',
  history: async () => [],
  workspaceOf: async () => directory,
  isContextOverflow: () => false,
});
await engine.start();
send({ kind: 'ready' });

process.on('message', (message: ToProcess) => {
  void answerTo(message).catch((thrown: unknown) => send({ kind: 'failed', reason: String(thrown) }));
});

async function answerTo(message: ToProcess): Promise<void> {
  if (message.kind === 'create') {
    const { run } = await engine.create({ input: 'go', idempotencyKey: message.key }, { kind: 'api', by: 'test' });
    send({ kind: 'created', runId: run.id });
  } else if (message.kind === 'follow') {
    for await (const event of engine.events(message.runId, message.after, new AbortController().signal)) send({ kind: 'event', event });
    const children = await engine.list({ parentRunId: message.runId, limit: 100 });
    send({ kind: 'over', view: await engine.get(message.runId), children });
  } else if (message.kind === 'resolve') {
    await engine.resolveOutcome({ runId: message.runId, step: message.step }, message.decision, 'test');
  } else {
    // Of runs that ended just now too: whatever the clock says, there is something to drop.
    await journal.compact(Number.MAX_SAFE_INTEGER, 100);
    send({ kind: 'compacted' });
  }
}
