/** What the workload was before: two revisions side by side, and the way back to one. */
import type { Workload, WorkloadRevision } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { Confirm, Dialog } from '../../components/dialog.tsx';
import { DiffView } from '../../components/diff-view.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { formatAgo, formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { createWorkloadApi, type WorkloadPlace } from './workload-api.ts';

interface RevisionsCardProps {
  readonly place: WorkloadPlace;
  readonly workload: Workload;
  readonly onChanged: () => void;
}

export function RevisionsCard({ place, workload, onChanged }: RevisionsCardProps) {
  const { admin, connection, toasts } = useApp();
  const api = createWorkloadApi(admin);
  const live = useLive((signal) => api.revisions(place, signal), { key: String(workload.metadata.generation) });
  const [compared, setCompared] = useState<WorkloadRevision>();
  const [wanted, setWanted] = useState<WorkloadRevision>();
  const goBack = (revision: WorkloadRevision): void => {
    api
      .undo(place, workload, revision)
      .then(() => {
        toasts.ok(`It goes back to revision ${revision.revision}`);
        onChanged();
      })
      .catch((error: unknown) => toasts.failed('Nothing was changed', error));
  };
  const present = live.value?.[0];
  return (
    <Card title="Revisions">
      <Loaded live={live}>
        {(revisions) =>
          revisions.length === 0 ? (
            <Empty title="None yet" />
          ) : (
            <ul class="workload-revisions">
              {revisions.map((each, index) => (
                <Revision
                  key={each.revision}
                  revision={each}
                  holds={index === 0}
                  onCompare={() => setCompared(each)}
                  {...(connection.may('operator.write') ? { onGoBack: () => setWanted(each) } : {})}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {compared && present && (
        <Dialog kind="drawer" title={`Revision ${compared.revision} and now`} onClose={() => setCompared(undefined)}>
          <DiffView before={textOf(compared)} after={textOf(present)} label={`What changed after revision ${compared.revision}`} />
        </Dialog>
      )}
      {wanted && (
        <Confirm
          title={`Go back to revision ${wanted.revision}?`}
          action="Go back"
          onClose={() => setWanted(undefined)}
          onConfirm={() => goBack(wanted)}
        >
          Its instances are replaced one by one. What it is now stays as a revision.
        </Confirm>
      )}
    </Card>
  );
}

interface RevisionProps {
  readonly revision: WorkloadRevision;
  readonly holds: boolean;
  readonly onCompare: () => void;
  /** Absent where it may not be done. */
  readonly onGoBack?: () => void;
}

function Revision({ revision: { revision, createdAt, cause }, holds, onCompare, onGoBack }: RevisionProps) {
  return (
    <li>
      <strong>{revision}</strong>
      <span class="note" title={formatTime(createdAt)}>
        {formatAgo(Date.parse(createdAt), now())}
        {cause === undefined ? '' : `, ${cause}`}
      </span>
      {holds ? (
        <span class="note">holds</span>
      ) : (
        <span class="row">
          <button type="button" class="button button-small" onClick={onCompare}>
            Compare
          </button>
          <button type="button" class="button button-small" disabled={onGoBack === undefined} onClick={onGoBack}>
            Go back
          </button>
        </span>
      )}
    </li>
  );
}

const textOf = ({ spec }: WorkloadRevision): string => JSON.stringify(spec, undefined, 2);
