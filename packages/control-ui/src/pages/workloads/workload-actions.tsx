/** What can be done with a workload: replacing its instances, more or fewer of them, and its end. */
import type { Workload } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Confirm, Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import { createWorkloadApi, type WorkloadPlace } from './workload-api.ts';

interface WorkloadActionsProps {
  readonly workload: Workload;
  readonly place: WorkloadPlace;
  readonly onChanged: () => void;
}

const replicasLimit = 1000;

export function WorkloadActions({ workload, place, onChanged }: WorkloadActionsProps) {
  const { admin, connection, toasts, go } = useApp();
  const [asked, setAsked] = useState<'scale' | 'restart' | 'remove'>();
  const api = createWorkloadApi(admin);
  const mayWrite = connection.may('operator.write');
  const carryOut = async (change: Promise<unknown>, done: string, follow: () => void = onChanged): Promise<void> => {
    try {
      await change;
      toasts.ok(done);
      follow();
    } catch (thrown) {
      toasts.failed('Nothing was changed', thrown);
    }
  };
  const close = (): void => setAsked(undefined);
  return (
    <>
      <button type="button" class="button" disabled={!mayWrite} onClick={() => setAsked('restart')}>
        <Icon name="refresh" size={16} /> Restart
      </button>
      <button type="button" class="button" disabled={!mayWrite} onClick={() => setAsked('scale')}>
        <Icon name="plus" size={16} /> Scale
      </button>
      <button type="button" class="button" disabled={!mayWrite} onClick={() => setAsked('remove')}>
        <Icon name="trash" size={16} /> Delete
      </button>
      {asked === 'restart' && (
        <Confirm
          title={`Restart ${place.name}?`}
          action="Restart"
          onClose={close}
          onConfirm={() => void carryOut(api.restart(place, new Date(now()).toISOString()), 'Its instances are replaced')}
        >
          Its instances are replaced one by one: each new one is ready before an old one goes.
        </Confirm>
      )}
      {asked === 'scale' && (
        <ScaleDialog
          name={place.name}
          replicas={workload.spec?.replicas ?? 1}
          onClose={close}
          onScale={(replicas) => void carryOut(api.scale(place, replicas), `It is scaled to ${replicas}`)}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title={`Delete ${place.name}?`}
          action="Delete"
          isDangerous
          onClose={close}
          onConfirm={() => void carryOut(api.remove(place), `${place.name} is being deleted`, () => go(['workloads']))}
        >
          Its instances are ended, and its history goes with it. Named volumes stay.
        </Confirm>
      )}
    </>
  );
}

interface ScaleDialogProps {
  readonly name: string;
  readonly replicas: number;
  readonly onScale: (replicas: number) => void;
  readonly onClose: () => void;
}

function ScaleDialog({ name, replicas, onScale, onClose }: ScaleDialogProps) {
  const [text, setText] = useState(String(replicas));
  const wanted = /^\d{1,4}$/.test(text.trim()) ? Number(text) : undefined;
  const isGood = wanted !== undefined && wanted <= replicasLimit;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!isGood) return;
    onClose();
    onScale(wanted);
  };
  return (
    <Dialog title={`Scale ${name}`} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <TextField
          label="Replicas"
          value={text}
          autoFocus
          help="A leak is not mended by more of them: see what is made of its memory first."
          error={isGood ? undefined : `A whole number from 0 to ${replicasLimit}`}
          onInput={setText}
        />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" disabled={!isGood || wanted === replicas}>
            Scale
          </button>
        </div>
      </form>
    </Dialog>
  );
}
