/** Who asks to be let in: who, from where, what for; approved or rejected here. */
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Confirm } from '../../components/dialog.tsx';
import { Badge } from '../../components/status.tsx';
import { formatAgo } from '../../format.ts';
import { clientOf, describeReason, describeScopes, nameOf, type PendingDevice } from './devices.ts';

export interface PendingDevicesProps {
  readonly pending: readonly PendingDevice[];
  readonly refresh: () => void;
}

export function PendingDevices({ pending, refresh }: PendingDevicesProps) {
  if (pending.length === 0) {
    return (
      <p class="note">
        Nobody. A device that comes from elsewhere with the right token waits here until somebody lets it in; requests last an hour.
      </p>
    );
  }
  return (
    <ul class="pending-devices">
      {pending.map((request) => (
        <PendingItem key={request.requestId} request={request} refresh={refresh} />
      ))}
    </ul>
  );
}

function PendingItem({ request, refresh }: { readonly request: PendingDevice; readonly refresh: () => void }) {
  const { connection, toasts } = useApp();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const name = nameOf(request);
  const decide = async (method: 'device.pair.approve' | 'device.pair.reject', done: string): Promise<void> => {
    setBusy(true);
    try {
      await connection.request(method, { requestId: request.requestId });
      toasts.ok(done);
    } catch (error) {
      toasts.failed('It was not decided', error);
    }
    setBusy(false);
    refresh();
  };
  return (
    <li>
      <PendingFacts request={request} />
      <div class="row pending-buttons">
        <button
          type="button"
          class="button button-primary"
          disabled={isBusy}
          aria-label={`Approve ${name}`}
          onClick={() => void decide('device.pair.approve', `${name} is let in`)}
        >
          Approve
        </button>
        <button type="button" class="button" disabled={isBusy} aria-label={`Reject ${name}`} onClick={() => setAsking(true)}>
          Reject
        </button>
      </div>
      {isAsking && (
        <Confirm
          title={`Reject ${name}?`}
          action="Reject"
          isDangerous
          onClose={() => setAsking(false)}
          onConfirm={() => void decide('device.pair.reject', `${name} is rejected`)}
        >
          It is not let in, and may ask again. If you do not know who it is, somebody else has the gateway’s token: change it.
        </Confirm>
      )}
    </li>
  );
}

function PendingFacts({ request }: { readonly request: PendingDevice }) {
  return (
    <div>
      <p class="row">
        <strong>{nameOf(request)}</strong> <Badge tone="info">{describeReason(request.reason)}</Badge>
      </p>
      <dl class="facts">
        <dt>From</dt>
        <dd>
          <span class="mono">{request.remoteIp}</span>, {clientOf(request)}
          {request.platform !== undefined && `, ${request.platform}`}
        </dd>
        <dt>Wants to</dt>
        <dd>{describeScopes(request.scopes).join(', ') || 'nothing but connect'}</dd>
        <dt>Request</dt>
        <dd class="mono">{request.requestId}</dd>
        <dt>Device</dt>
        <dd class="mono">{request.deviceId}</dd>
        <dt>Asked</dt>
        <dd>{formatAgo(request.ts, now())}</dd>
      </dl>
    </div>
  );
}
