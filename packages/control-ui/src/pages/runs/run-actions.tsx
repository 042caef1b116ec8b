/** What can be done with a run: ending it, trying it again, and beginning another from one of its steps. */
import type { RunView } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Confirm } from '../../components/dialog.tsx';
import { Icon } from '../../components/icon.tsx';

interface RunActionsProps {
  readonly view: RunView;
  readonly onGoesOn: () => void;
}

export function RunActions({ view: { id, status, endedAtMs, origin }, onGoesOn }: RunActionsProps) {
  const { connection, toasts } = useApp();
  const [isAsking, setAsking] = useState(false);
  const mayWrite = connection.may('operator.write');
  const cancel = (): void => {
    connection
      .request('runs.cancel', { runId: id })
      .then(() => toasts.ok('The run was told to stop'))
      .catch((error: unknown) => toasts.failed('The run was not cancelled', error));
  };
  const retry = (): void => {
    connection
      .request('runs.retry', { runId: id })
      .then(onGoesOn)
      .catch((error: unknown) => toasts.failed('The run was not tried again', error));
  };
  return (
    <>
      {status === 'failed' && origin.kind !== 'program' && (
        <button type="button" class="button button-primary" disabled={!mayWrite} onClick={retry}>
          <Icon name="refresh" size={16} /> Try again
        </button>
      )}
      {endedAtMs === null && (
        <button type="button" class="button" disabled={!mayWrite} onClick={() => setAsking(true)}>
          <Icon name="stop" size={16} /> Cancel the run
        </button>
      )}
      {isAsking && (
        <Confirm title="Cancel the run?" action="Cancel the run" isDangerous onClose={() => setAsking(false)} onConfirm={cancel}>
          What it has done stays done. It does not go on from here; a fork of it can.
        </Confirm>
      )}
    </>
  );
}

interface ForkButtonProps {
  readonly runId: string;
  readonly step: number;
  readonly fromSeq: number;
}

export function ForkButton({ runId, step, fromSeq }: ForkButtonProps) {
  const { connection, toasts, go } = useApp();
  const [isForking, setForking] = useState(false);
  const fork = async (): Promise<void> => {
    setForking(true);
    try {
      const { id } = await connection.request<RunView>('runs.fork', { runId, fromSeq });
      toasts.ok(`A run that begins after step ${step} was made`);
      go(['runs', id]);
    } catch (error) {
      setForking(false);
      toasts.failed('The run was not forked', error);
    }
  };
  return (
    <p class="row">
      <button
        type="button"
        class="button button-small"
        disabled={isForking || !connection.may('operator.write')}
        onClick={() => void fork()}
      >
        Fork after step {step}
      </button>
      <span class="note">Another run with the same history up to here, which goes on by itself.</span>
    </p>
  );
}
