/** What a run asks of a person: whether a call may be made, and what became of one of which nobody knows. */
import { useId, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import type { OutcomeDecision } from '@openclaw/protocol';
import { Choice, TextField } from '../components/fields.tsx';
import { Icon } from '../components/icon.tsx';
import { Text } from './step-card.tsx';
import { stepsOf, type TimelineStep } from './timeline.ts';
import { useRun } from './use-run.ts';
import { showArguments } from './values.ts';
import './runs.css';

export interface VerdictProps {
  readonly runId: string;
  readonly step: TimelineStep;
}

/** What the steps of a run wait for, and those of the runs below it, each in a frame of its own. */
export function OpenQuestions({ runId, steps }: { readonly runId: string; readonly steps: readonly TimelineStep[] }) {
  return (
    <>
      {steps.map((step) => {
        if (step.state === 'asking') return <Approval key={step.step} runId={runId} step={step} />;
        if (step.state === 'unknown') return <Outcome key={step.step} runId={runId} step={step} />;
        return step.state === 'running' && step.childRunId !== null ? <QuestionsBelow key={step.step} runId={step.childRunId} /> : null;
      })}
    </>
  );
}

function QuestionsBelow({ runId }: Pick<VerdictProps, 'runId'>) {
  const timeline = useRun(runId)?.timeline.value;
  return timeline ? <OpenQuestions runId={runId} steps={stepsOf(timeline)} /> : null;
}

/** Sends a word once; the event that it was heard takes the question away. */
function useWord(failed: string) {
  const { connection, toasts } = useApp();
  const [isSending, setSending] = useState(false);
  const say = async (method: string, params: object): Promise<void> => {
    setSending(true);
    try {
      await connection.request(method, params);
    } catch (error) {
      setSending(false);
      toasts.failed(failed, error);
    }
  };
  return { say, isClosed: isSending || !connection.may('operator.approvals'), mayDecide: connection.may('operator.approvals') };
}

function Approval({ runId, step }: VerdictProps) {
  const { say, isClosed, mayDecide } = useWord('The call was not decided');
  const [note, setNote] = useState('');
  const id = useId();
  const { name, call, approval } = step;
  const decide = (method: string): void => {
    const words = note.trim();
    void say(method, { runId, approvalId: approval?.approvalId, ...(words === '' ? {} : { note: words }) });
  };
  return (
    <section class="question" aria-labelledby={id}>
      <h3 id={id}>
        <Icon name="alert" /> May <code>{name}</code> be called?
      </h3>
      {approval && <p class="note">{approval.why}</p>}
      {call && <Text title={`Arguments of ${name}`} text={showArguments(call.argumentsText)} />}
      <TextField label="Note" value={note} onInput={setNote} placeholder="optional; the model reads it if you reject" disabled={isClosed} />
      <div class="question-buttons">
        <button type="button" class="button button-primary" disabled={isClosed} onClick={() => decide('runs.approve')}>
          Approve
        </button>
        <button type="button" class="button" disabled={isClosed} onClick={() => decide('runs.reject')}>
          Reject
        </button>
        {!mayDecide && <span class="note">This device may not approve calls.</span>}
      </div>
    </section>
  );
}

const decisions = [
  { value: 'done', label: 'It was done' },
  { value: 'repeat', label: 'Repeat it' },
  { value: 'failed', label: 'It failed' },
] as const;

const help: Readonly<Record<OutcomeDecision['kind'], string>> = {
  done: 'The model is given this as the result.',
  repeat: 'It was not done, and is done now.',
  failed: 'The model is told so, with these words.',
};

function Outcome({ runId, step: { step, name, call, evidence } }: VerdictProps) {
  const { say, isClosed, mayDecide } = useWord('The outcome was not decided');
  const [kind, setKind] = useState<OutcomeDecision['kind']>('done');
  const [words, setWords] = useState('');
  const id = useId();
  const decision: OutcomeDecision =
    kind === 'repeat' ? { kind } : kind === 'done' ? { kind, result: words } : { kind, message: words.trim() || 'It failed.' };
  return (
    <section class="question" aria-labelledby={id}>
      <h3 id={id}>
        <Icon name="alert" /> Was <code>{name}</code> done?
      </h3>
      <p class="note">It was under way when the gateway stopped, and it must not be done twice. {evidence}</p>
      {call && <Text title={`Arguments of ${name}`} text={showArguments(call.argumentsText)} />}
      <Choice label="What became of it" value={kind} options={decisions} onChange={setKind} />
      {kind === 'repeat' ? (
        <p class="note">{help.repeat}</p>
      ) : (
        <TextField
          label={kind === 'done' ? 'Result' : 'What went wrong'}
          help={help[kind]}
          value={words}
          onInput={setWords}
          disabled={isClosed}
        />
      )}
      <div class="question-buttons">
        <button
          type="button"
          class="button button-primary"
          disabled={isClosed}
          onClick={() => void say('runs.outcome', { runId, step, decision })}
        >
          Decide
        </button>
        {!mayDecide && <span class="note">This device may not decide outcomes.</span>}
      </div>
    </section>
  );
}
