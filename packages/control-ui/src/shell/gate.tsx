/** What is seen before the gateway lets this browser in: the form for the token, the wait for approval, and why it was refused. */
import type { ControlError } from '@openclaw/client/control';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { CopyText } from '../components/copy.tsx';
import { ErrorNote, Waiting } from '../components/feedback.tsx';
import { TextField } from '../components/fields.tsx';
import { Claw, Icon } from '../components/icon.tsx';
import { isDeviceRefused, type Phase } from '../connection/phase.ts';
import { StateBanner, useSecondsUntil } from './banners.tsx';

export function Gate() {
  const { connection } = useApp();
  const phase = connection.phase.value;
  return (
    <main class="gate">
      <div class={`gate-card ${phase.kind === 'connecting' ? 'gate-connecting' : ''}`}>
        <p class="gate-brand">
          <Claw size={34} /> <span>OpenClaw</span>
        </p>
        {connection.stateLost.value && <StateBanner />}
        <Step phase={phase} />
        <p class="gate-where note">{location.host}</p>
      </div>
    </main>
  );
}

function Step({ phase }: { readonly phase: Phase }) {
  switch (phase.kind) {
    case 'connecting':
      return (
        <>
          <h1>Connecting</h1>
          <Waiting lines={2} />
        </>
      );
    case 'signedOut':
      return <SignIn key={phase.secretKind} secretKind={phase.secretKind} refusal={phase.refusal} />;
    case 'pairing':
      return <Pairing requestId={phase.requestId} error={phase.error} />;
    case 'offline':
      return <Unreachable error={phase.error} retryAtMs={phase.retryAtMs} />;
    case 'refused':
      return <Refused error={phase.error} />;
    case 'online':
      return null;
  }
}

interface SignInProps {
  readonly secretKind: 'token' | 'password';
  readonly refusal: ControlError | undefined;
}

function SignIn({ secretKind, refusal: told }: SignInProps) {
  const { connection } = useApp();
  // Of a state that is gone so is the token of this device: that was said above.
  const refusal = connection.stateLost.value && told?.code === 'AUTH_DEVICE_TOKEN_MISMATCH' ? undefined : told;
  const [value, setValue] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (value.trim() !== '') void connection.start({ kind: secretKind, value: value.trim() });
  };
  return (
    <>
      <h1>Sign in</h1>
      {refusal && <ErrorNote error={refusal} />}
      {refusal && isDeviceRefused(refusal.code) && <RenewDevice />}
      <form class="stack" onSubmit={submit}>
        <TextField
          label={secretKind === 'token' ? 'Gateway token' : 'Gateway password'}
          type="password"
          value={value}
          onInput={setValue}
          autoFocus
          required
          autoComplete={secretKind === 'token' ? 'off' : 'current-password'}
        />
        <button type="submit" class="button button-primary button-wide">
          Sign in
        </button>
      </form>
      <div class="gate-help">
        <p>On the machine where the gateway runs,</p>
        <ul>
          <li>
            <CopyText text="openclaw dashboard" label="the command" /> opens this page signed in,
          </li>
          <li>
            <CopyText text="openclaw config get gateway.auth --show-secrets" label="the command" /> shows the {secretKind}.
          </li>
        </ul>
      </div>
    </>
  );
}

function RenewDevice() {
  const { connection } = useApp();
  return (
    <button type="button" class="button button-wide" onClick={() => void connection.renewDevice()}>
      Connect as a new device
    </button>
  );
}

function Pairing({ requestId, error }: { readonly requestId: string | undefined; readonly error: ControlError }) {
  const { connection } = useApp();
  const deviceId = connection.deviceId.value;
  const command = requestId === undefined ? 'openclaw devices list' : `openclaw devices approve ${requestId}`;
  const asksForMore = error.details['reason'] !== undefined && error.details['reason'] !== 'not-paired';
  return (
    <>
      <h1>{asksForMore ? 'This browser asks for more' : 'This browser is new here'}</h1>
      <p>
        {asksForMore
          ? 'What it may do changed since it was approved, so somebody has to approve it again.'
          : 'The token is right. Before a device that is not the gateway’s own machine comes in, somebody who is in already has to approve it.'}
      </p>
      <ol class="gate-steps">
        <li>
          Where the gateway runs: <CopyText text={command} label="the command" />
        </li>
        <li>or, in a Control UI that is signed in: Devices, Approve.</li>
      </ol>
      <dl class="facts">
        <dt>Request</dt>
        <dd class="mono">{requestId ?? 'see the list'}</dd>
        <dt>Device</dt>
        <dd class="mono" title={deviceId}>
          {deviceId?.slice(0, 12)}…
        </dd>
      </dl>
      <p class="gate-waiting" role="status">
        <span class="pulse" aria-hidden="true" /> Waiting; this page goes on by itself.
      </p>
      <div class="gate-buttons">
        <button type="button" class="button" onClick={connection.retryNow}>
          Look now
        </button>
        <button type="button" class="button button-quiet" onClick={() => void connection.signOut()}>
          Use another token
        </button>
      </div>
    </>
  );
}

function Unreachable({ error, retryAtMs }: { readonly error: ControlError; readonly retryAtMs: number }) {
  const { connection } = useApp();
  const seconds = useSecondsUntil(retryAtMs);
  return (
    <>
      <h1>The gateway does not answer</h1>
      <p class="note">{error.message}</p>
      {error.hint !== undefined && <p class="note">{error.hint}</p>}
      <p class="gate-waiting" role="status">
        <span class="pulse" aria-hidden="true" /> {seconds > 0 ? `Next try in ${seconds} s` : 'Trying…'}
      </p>
      <GateButtons>
        <button type="button" class="button button-primary" onClick={connection.retryNow}>
          <Icon name="refresh" size={16} /> Try now
        </button>
      </GateButtons>
    </>
  );
}

function Refused({ error }: { readonly error: ControlError }) {
  const { connection } = useApp();
  return (
    <>
      <h1>The gateway refused this page</h1>
      <ErrorNote error={error} />
      <GateButtons>
        <button type="button" class="button button-primary" onClick={() => void connection.start()}>
          Try again
        </button>
        <button type="button" class="button button-quiet" onClick={() => void connection.signOut()}>
          Sign in with another token
        </button>
      </GateButtons>
    </>
  );
}

function GateButtons({ children }: { readonly children: ComponentChildren }) {
  return <div class="gate-buttons">{children}</div>;
}
