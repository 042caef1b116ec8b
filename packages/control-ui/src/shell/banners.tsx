/**
 * What has to be known on every page: no connection, a state that is gone, a configuration that does not hold. Devices that wait are told of
 * where one starts; on the other pages their number in the navigation is enough.
 */
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { every, now } from '../clock.ts';
import { Notice } from '../components/feedback.tsx';
import type { Phase } from '../connection/phase.ts';
import { plural } from '../format.ts';
import type { HealthSummary } from '../live/health-watch.ts';
import { usePendingDevices } from '../live/pending-devices.ts';

export function Banners() {
  const { connection, health, route } = useApp();
  const phase = connection.phase.value;
  const summary = health.summary.value;
  return (
    <div class="banners">
      {phase.kind === 'offline' && <OfflineBanner phase={phase} />}
      {connection.stateLost.value && <StateBanner />}
      {phase.kind === 'online' && summary && <HealthBanner summary={summary} page={route.value.page} />}
      {phase.kind === 'online' && ['', 'overview'].includes(route.value.page) && <DevicesBanner />}
    </div>
  );
}

function OfflineBanner({ phase }: { readonly phase: Extract<Phase, { kind: 'offline' }> }) {
  const { connection } = useApp();
  const seconds = useSecondsUntil(phase.retryAtMs);
  return (
    <Notice
      tone="bad"
      actions={
        <button type="button" class="button button-small" onClick={connection.retryNow}>
          Try now
        </button>
      }
    >
      <p role="status">The gateway does not answer. What is shown is from before.</p>
      <p class="note">
        {phase.error.message} {seconds > 0 ? `Next try in ${seconds} s.` : 'Trying…'}
      </p>
    </Notice>
  );
}

export function useSecondsUntil(atMs: number): number {
  const [nowMs, setNow] = useState(now);
  useEffect(() => every(500, () => setNow(now())), []);
  return Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

export function StateBanner() {
  const { connection } = useApp();
  return (
    <Notice
      tone="bad"
      actions={
        <button type="button" class="button button-small" onClick={connection.acceptState}>
          I know
        </button>
      }
    >
      <p>The state was not persisted.</p>
      <p class="note">
        This gateway came up with a fresh state directory: devices, keys, sessions and usage from before are not here. Where it is
        redeployed, put its state directory on a volume; <code>openclaw doctor</code> names the directory and says whether it survives.
      </p>
    </Notice>
  );
}

function HealthBanner({ summary, page }: { readonly summary: HealthSummary; readonly page: string }) {
  const configuration = summary.checks?.['configuration'];
  if (summary.status === 'rescue') {
    return (
      <Notice tone="bad" actions={page !== 'configuration' && <ConfigurationLink label="Mend it" />}>
        <p>Rescue mode: the configuration is broken and no earlier version of it is known, so models are not served.</p>
        <Reason text={summary.reason ?? configuration?.detail} />
      </Notice>
    );
  }
  if (configuration !== undefined && configuration.state !== 'ok') {
    return (
      <Notice tone="warn" actions={page !== 'configuration' && <ConfigurationLink label="Look at it" />}>
        <p>The configuration file was refused; the last good version stays in force.</p>
        <Reason text={configuration.detail} />
      </Notice>
    );
  }
  if (summary.status === 'draining') {
    return (
      <Notice tone="warn">
        <p>The gateway is stopping: what is under way may end, nothing new is taken.</p>
      </Notice>
    );
  }
  const broken = Object.entries(summary.checks ?? {}).filter(([, { state }]) => state === 'failed');
  return broken.length === 0 ? null : (
    <Notice tone="bad">
      <p>The gateway cannot do its work: {broken.map(([name]) => name).join(', ')}.</p>
      {broken.map(([name, { detail }]) => (
        <Reason key={name} text={detail} />
      ))}
    </Notice>
  );
}

function Reason({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <p class="note">{text}</p>;
}

function ConfigurationLink({ label }: { readonly label: string }) {
  return (
    <a class="button button-small" href="#/configuration">
      {label}
    </a>
  );
}

function DevicesBanner() {
  const count = usePendingDevices();
  return count === 0 ? null : (
    <Notice
      tone="info"
      actions={
        <a class="button button-small" href="#/devices">
          Look at {count === 1 ? 'it' : 'them'}
        </a>
      }
    >
      <p>{plural(count, 'device waits', 'devices wait')} to be let in.</p>
    </Notice>
  );
}
