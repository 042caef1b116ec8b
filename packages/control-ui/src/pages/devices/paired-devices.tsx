/** The devices that are let in: when they were last here, what they may, and what can be done with each. */
import { now } from '../../clock.ts';
import { Empty } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import { Badge, StatusDot } from '../../components/status.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatTime, unknown } from '../../format.ts';
import { clientOf, describeApproval, describeScopes, nameOf, type PairedDevice } from './devices.ts';

export type DeviceAction = 'rename' | 'rotate' | 'revoke' | 'remove';

export interface PairedDevicesProps {
  readonly paired: readonly PairedDevice[];
  readonly ownId: string | undefined;
  readonly onAction: (action: DeviceAction, device: PairedDevice) => void;
}

export function PairedDevices({ paired, ownId, onAction }: PairedDevicesProps) {
  return (
    <Table
      label="Paired devices"
      columns={columns(ownId, onAction)}
      rows={paired}
      rowKey={({ deviceId }) => deviceId}
      sortedBy="seen"
      descending
      empty={
        <Empty title="No devices yet">
          Browsers and programs that prove who they are by a key of their own show here once they are let in.
        </Empty>
      }
    />
  );
}

function columns(ownId: string | undefined, onAction: PairedDevicesProps['onAction']): readonly Column<PairedDevice>[] {
  return [
    {
      id: 'name',
      title: 'Device',
      sortBy: nameOf,
      cell: (device) => (
        <>
          <span class="row">
            <strong>{nameOf(device)}</strong>
            {device.deviceId === ownId && <Badge tone="info">this device</Badge>}
          </span>
          <span class="note mono" title={device.deviceId}>
            {device.deviceId.slice(0, 12)}…
          </span>
        </>
      ),
    },
    {
      id: 'client',
      title: 'Client',
      wideOnly: true,
      cell: (device) => `${clientOf(device)}${device.platform === undefined ? '' : `, ${device.platform}`}`,
    },
    {
      id: 'seen',
      title: 'Last seen',
      sortBy: ({ lastSeenAtMs, connected }) => (connected ? now() : (lastSeenAtMs ?? null)),
      cell: (device) => <LastSeen device={device} />,
    },
    { id: 'may', title: 'May', wideOnly: true, cell: (device) => <Tokens device={device} /> },
    {
      id: 'approved',
      title: 'Let in',
      roomyOnly: true,
      sortBy: ({ approvedAtMs }) => approvedAtMs,
      cell: ({ approvedAtMs, approvedVia }) => <span title={describeApproval(approvedVia)}>{formatTime(approvedAtMs)}</span>,
    },
    {
      id: 'actions',
      title: '',
      align: 'end',
      cell: (device) => <Actions device={device} isOwn={device.deviceId === ownId} onAction={onAction} />,
    },
  ];
}

function LastSeen({ device: { connected, lastSeenAtMs, lastSeenIp } }: { readonly device: PairedDevice }) {
  return (
    <>
      <span class="row">
        <StatusDot tone={connected ? 'ok' : 'idle'} />
        {connected ? 'connected' : lastSeenAtMs === undefined ? unknown : formatAgo(lastSeenAtMs, now())}
      </span>
      {lastSeenIp !== undefined && <span class="note mono">{lastSeenIp}</span>}
    </>
  );
}

function Tokens({ device: { tokens } }: { readonly device: PairedDevice }) {
  if (tokens.length === 0) return <Badge tone="warn">no token: has to be approved again</Badge>;
  return (
    <>
      {tokens.map(({ role, scopes, createdAtMs }) => (
        <span key={role} class="row" title={`Role ${role}; its token is from ${formatTime(createdAtMs)}`}>
          {describeScopes(scopes).join(', ') || 'nothing but connect'}
          {role !== 'operator' && <span class="note">{role}</span>}
        </span>
      ))}
    </>
  );
}

interface ActionsProps {
  readonly device: PairedDevice;
  readonly isOwn: boolean;
  readonly onAction: PairedDevicesProps['onAction'];
}

function Actions({ device, isOwn, onAction }: ActionsProps) {
  const name = nameOf(device);
  const button = (action: DeviceAction, label: string, icon: 'edit' | 'refresh' | 'stop' | 'trash') => (
    <button type="button" class="icon-button" aria-label={`${label} ${name}`} title={label} onClick={() => onAction(action, device)}>
      <Icon name={icon} />
    </button>
  );
  return (
    <span class="device-actions">
      {button('rename', 'Rename', 'edit')}
      {/* Its own new token would be on the page that the old one keeps connected. */}
      {!isOwn && device.tokens.length > 0 && button('rotate', 'New token for', 'refresh')}
      {device.tokens.length > 0 && button('revoke', 'Take the token of', 'stop')}
      {button('remove', 'Remove', 'trash')}
    </span>
  );
}
