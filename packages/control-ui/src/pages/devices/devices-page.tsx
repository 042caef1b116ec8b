/** Devices that ask to be let in, and those that are: live, as others decide too. */
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { plural } from '../../format.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import type { Page } from '../page.ts';
import { DeviceDialog } from './device-dialogs.tsx';
import type { DeviceList, PairedDevice } from './devices.ts';
import { PairedDevices, type DeviceAction } from './paired-devices.tsx';
import { PendingDevices } from './pending-devices.tsx';
import './devices.css';

export const devicesPage: Page = { id: 'devices', title: 'Devices', icon: 'devices', group: 'Manage', shortcut: 'd', View: DevicesPage };

/** Who is connected changes without an event of its own here. */
const everyMs = 15_000;

function DevicesPage() {
  const { connection } = useApp();
  const live = useDevices();
  const [open, setOpen] = useState<{ readonly action: DeviceAction; readonly deviceId: string }>();
  const ownId = connection.deviceId.value;
  const opened: PairedDevice | undefined = live.value?.paired.find(({ deviceId }) => deviceId === open?.deviceId);
  if (!connection.may('operator.pairing')) {
    return (
      <Empty title="This device may not look at others">Let it in again with the right to let devices in, or look from another one.</Empty>
    );
  }
  return (
    <>
      <PageHead title="Devices" />
      <div class="grid">
        <Loaded live={live} lines={6}>
          {({ pending, paired }) => (
            <>
              <Card title="Waiting to be let in" {...(pending.length > 0 ? { note: plural(pending.length, 'request') } : {})}>
                <PendingDevices pending={pending} refresh={live.refresh} />
              </Card>
              <Card title="Let in" note={plural(paired.length, 'device')} flush>
                <PairedDevices paired={paired} ownId={ownId} onAction={(action, { deviceId }) => setOpen({ action, deviceId })} />
              </Card>
            </>
          )}
        </Loaded>
      </div>
      {open && opened && (
        <DeviceDialog
          {...{ action: open.action, device: opened, isOwn: opened.deviceId === ownId }}
          refresh={live.refresh}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

function useDevices(): Live<DeviceList> {
  const { connection } = useApp();
  const epoch = connection.epoch.value;
  const live = useLive((signal) => connection.request<DeviceList>('device.pair.list', {}, { signal }), { everyMs, again: String(epoch) });
  const { refresh } = live;
  useEffect(
    () =>
      connection.subscribe(({ event }) => {
        if (event.startsWith('device.pair.') || event === 'presence') refresh();
      }),
    [connection, refresh],
  );
  return live;
}
