/** What lies above the page of devices: a name, a new token that is shown once, and questions before something ends. */
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { CopyText } from '../../components/copy.tsx';
import { Confirm, Dialog, type ConfirmProps } from '../../components/dialog.tsx';
import { Notice } from '../../components/feedback.tsx';
import { RenameDialog } from '../../components/rename-dialog.tsx';
import { nameOf, type PairedDevice } from './devices.ts';
import type { DeviceAction } from './paired-devices.tsx';

export interface DeviceDialogProps {
  readonly action: DeviceAction;
  readonly device: PairedDevice;
  readonly isOwn: boolean;
  readonly onClose: () => void;
  readonly refresh: () => void;
}

export function DeviceDialog({ action, device, isOwn, onClose, refresh }: DeviceDialogProps) {
  const [token, setToken] = useState<string>();
  const name = nameOf(device);
  const role = device.tokens[0]?.role ?? 'operator';
  const call = useDeviceCall(device, refresh);
  if (token !== undefined) return <TokenDialog name={name} token={token} onClose={onClose} />;
  switch (action) {
    case 'rename':
      return (
        <RenameDialog
          title="Rename the device"
          name={device.displayName ?? ''}
          onClose={onClose}
          onRename={(displayName) => void call('device.pair.rename', { displayName }, `It is called ${displayName} now`)}
        />
      );
    case 'rotate':
      return (
        <RotateDialog
          name={name}
          onClose={onClose}
          onRotate={async () => {
            const answer = (await call('device.token.rotate', { role }, `${name} has a new token`)) as { token: string } | undefined;
            if (answer) setToken(answer.token);
            else onClose();
          }}
        />
      );
    case 'revoke':
      return (
        <EndDialog
          {...{ isOwn, onClose }}
          title={`Take the token of ${name}?`}
          action="Take it"
          onConfirm={() => void call('device.token.revoke', { role }, `${name} has no token any more`)}
        >
          The device stays known, and has to be approved again before it comes in.
        </EndDialog>
      );
    case 'remove':
      return (
        <EndDialog
          {...{ isOwn, onClose }}
          title={`Remove ${name}?`}
          action="Remove"
          onConfirm={() => void call('device.pair.remove', {}, `${name} is removed`)}
        >
          The gateway forgets the device altogether; it may ask to be let in like any other.
        </EndDialog>
      );
  }
}

type DeviceCall = (method: string, params: object, done: string) => Promise<unknown>;

/** Says what came of it, and has the list read anew either way. */
function useDeviceCall(device: PairedDevice, refresh: () => void): DeviceCall {
  const { connection, toasts } = useApp();
  return async (method, params, done) => {
    try {
      const answer = await connection.request(method, { deviceId: device.deviceId, ...params });
      toasts.ok(done);
      return answer;
    } catch (error) {
      toasts.failed(`${nameOf(device)} was not changed`, error);
      return undefined;
    } finally {
      refresh();
    }
  };
}

interface EndDialogProps extends Omit<ConfirmProps, 'isDangerous'> {
  readonly isOwn: boolean;
}

function EndDialog({ isOwn, children, ...confirm }: EndDialogProps) {
  return (
    <Confirm isDangerous {...confirm}>
      {children} {isOwn ? 'This is the device in front of you: it is signed out at once.' : 'Its connections end at once.'}
    </Confirm>
  );
}

interface RotateDialogProps {
  readonly name: string;
  readonly onRotate: () => Promise<void>;
  readonly onClose: () => void;
}

/** It stays open until the answer is there, which takes its place. */
function RotateDialog({ name, onRotate, onClose }: RotateDialogProps) {
  const [isBusy, setBusy] = useState(false);
  return (
    <Dialog title={`A new token for ${name}?`} onClose={onClose}>
      <div class="stack">
        <p>The old token ends at once, and so do its connections. The new one is shown this once, to be put into the device.</p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            class="button button-danger"
            disabled={isBusy}
            onClick={() => {
              setBusy(true);
              void onRotate();
            }}
          >
            Make a new one
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function TokenDialog({ name, token, onClose }: { readonly name: string; readonly token: string; readonly onClose: () => void }) {
  return (
    <Dialog title={`The token of ${name}`} onClose={onClose} closesOutside={false}>
      <div class="stack">
        <Notice tone="warn">
          <p>Copy it now: it is shown this once, because only its hash is kept.</p>
        </Notice>
        <CopyText text={token} label="the token" />
        <p class="note">It holds together with the key of the device alone.</p>
        <div class="dialog-buttons">
          <button type="button" class="button button-primary" onClick={onClose}>
            I have it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
