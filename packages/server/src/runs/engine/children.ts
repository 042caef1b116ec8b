/**
 * Runs that are begun by runs: one for each step that hands a task to another agent, whatever crashes in between; and what their parents are
 * told of them.
 *
 * A parent that waits is parked like any other run: it holds no place, no lane and no memory. How it goes on is `worker.ts`'s.
 */
import type { RunEvent, RunEventBody, RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import { answerOf, failureWords } from '../ending.ts';
import type { Journal } from '../journal/contract.ts';
import { isOver } from '../journal/fold.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { HandOver } from '../tools/contract.ts';
import type { AgentDirectory } from './contract.ts';
import { hashOf } from './hash.ts';
import { limitsBelow } from './limits.ts';
import type { ToolOutcome } from './progress.ts';

export interface ChildrenOptions {
  readonly journal: Journal;
  readonly agents: AgentDirectory;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'run'>;
  readonly log: Log;
  /** Has it carried out when its turn comes. */
  readonly begin: (run: RunView) => void;
  /** Writes to a run from outside, and has it taken up if that is what it waited for. */
  readonly post: (runId: string, body: RunEventBody) => Promise<RunView>;
  readonly cancel: (runId: string, by: string) => Promise<RunView>;
}

/** What of its parent a new one depends on. */
export interface ParentStep {
  readonly parent: RunView;
  readonly step: number;
}

/** Changes of one child that wait to be told; more of them say nothing that the last does not. */
const tellingsWaiting = 64;
/** Parents that are told in one look around. */
const pageRuns = 500;
const taskLimitCharacters = 1_000_000;

export class Children {
  readonly #options: ChildrenOptions;
  readonly #order = new OneAtATime(tellingsWaiting);
  readonly #tellings = new Set<Promise<void>>();
  #unobserve: (() => void) | undefined;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** Tells parents from now on, and at once what a process before could not. */
  async start(): Promise<void> {
    this.#unobserve = this.#options.journal.observe((events, view) => this.#take(events, view));
    await this.catchUp();
  }

  /** Undefined: the step has begun none, or it is kept no more. */
  async find({ id }: Pick<RunView, 'id'>, step: number): Promise<RunView | undefined> {
    return this.#options.journal.find(keyOf(id, step));
  }

  /** The same step has the same child, however often this is asked. @throws OpenClawError where it may not be begun */
  async create({ parent, step }: ParentStep, { agentId, task }: HandOver): Promise<RunView> {
    const { agents, journal, clock, ids, begin } = this.#options;
    const agent = agents.get(agentId);
    if (task.length > taskLimitCharacters) {
      const details = { path: 'task', reason: `has more than ${taskLimitCharacters} characters` };
      throw new OpenClawError('invalid_request', { details });
    }
    const id = ids.run();
    const { run, isKnown } = await journal.create({
      ...{ id, idempotencyKey: keyOf(parent.id, step), requestHash: hashOf([agentId, task]) },
      created: {
        ...{ kind: 'run.created', agentId, sessionKey: `agent:${agentId}:${id}`, input: task },
        // Whoever may see the parent may see its children.
        origin: { kind: 'run', by: parent.origin.by },
        limits: limitsBelow(agent.limits, parent, clock.now()),
        ...{ model: null, parentRunId: parent.id, forkedFrom: null },
      },
    });
    if (!isKnown) begin(run);
    return run;
  }

  /** As it stands afterwards: it may take its time to end. */
  async cancel({ id }: RunView, by: string): Promise<RunView> {
    try {
      await this.#options.cancel(id, by);
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError) || thrown.code !== 'run_ended') throw thrown;
    }
    return this.#options.journal.view(id);
  }

  /** Tells its parent how it stands, where that waits for it and does not know. */
  async tell(childId: string): Promise<void> {
    const { journal, post } = this.#options;
    await this.#order.run(childId, async () => {
      const { parentRunId, status, waitsFor } = await journal.view(childId);
      if (parentRunId === null) return;
      const known = (await this.#parent(parentRunId))?.waitsFor;
      if (known?.kind !== 'child' || known.runId !== childId) return;
      if (!isOver(status) && JSON.stringify(known.waitsFor ?? null) === JSON.stringify(waitsFor)) return;
      await post(parentRunId, { kind: 'child.changed', childRunId: childId, status, waitsFor });
    });
  }

  /** What was not told because of a crash, or because the journal could not be written. */
  async catchUp(): Promise<void> {
    for (const childId of await this.#options.journal.untoldChildren(pageRuns)) await this.tell(childId);
  }

  async close(): Promise<void> {
    this.#unobserve?.();
    await Promise.all(this.#tellings);
  }

  /** Forgotten before its child: nobody is to be told. */
  async #parent(runId: string): Promise<RunView | undefined> {
    try {
      return await this.#options.journal.view(runId);
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'run_not_found') return undefined;
      throw thrown;
    }
  }

  #take(events: readonly RunEvent[], { id, parentRunId }: RunView): void {
    if (parentRunId === null || events.every(({ kind }) => kind.startsWith('step.'))) return;
    const telling = this.tell(id)
      // Whoever looks around next tells it.
      .catch((thrown: unknown) =>
        this.#options.log.warn('a run was not told of its child', { runId: parentRunId, reason: reasonOf(thrown) }),
      )
      .finally(() => this.#tellings.delete(telling));
    this.#tellings.add(telling);
  }
}

/** What the model of the parent is told of a run that has ended. */
export function outcomeOfChild({ status, output, error }: RunView): ToolOutcome {
  if (status === 'failed') return { isError: true, text: `it failed: ${error ? failureWords(error) : 'nobody knows why'}` };
  if (status !== 'finished') return { isError: true, text: 'it was cancelled before it had an answer' };
  const answer = answerOf(output) || '[no answer]';
  const stoppedBy = typeof output === 'object' && output !== null && 'stoppedBy' in output ? String(output.stoppedBy) : undefined;
  return { isError: false, text: stoppedBy === undefined ? answer : `${answer}\n[it was stopped before it was done: ${stoppedBy}]` };
}

/** Nobody from outside uses such a key: those of clients are their own, or have the client's id before them. */
function keyOf(parentRunId: string, step: number): string {
  return `child of ${parentRunId}/${step}`;
}
