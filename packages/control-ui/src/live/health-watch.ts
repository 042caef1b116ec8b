/** How the gateway says that it is: asked every few seconds while somebody is signed in, and at once when it says that something changed. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Admin } from '../admin/admin.ts';
import { every } from '../clock.ts';
import type { Tone } from '../components/status.tsx';

export type HealthState = 'ok' | 'degraded' | 'failed';

export interface HealthCheck {
  readonly state: HealthState;
  readonly detail?: string;
}

/** What `/health` answers. */
export interface HealthSummary {
  readonly status: HealthState | 'rescue' | 'draining' | 'starting' | 'held';
  readonly version: string;
  readonly uptimeSeconds?: number;
  /** Why, where it does not serve as it should. */
  readonly code?: string;
  readonly reason?: string;
  readonly hint?: string;
  readonly checks?: Readonly<Record<string, HealthCheck>>;
}

export interface HealthWatch {
  readonly summary: ReadonlySignal<HealthSummary | undefined>;
  refresh(): void;
  /** @returns ends it; what was seen stays */
  start(): () => void;
}

const intervalMs = 5000;

export function createHealthWatch(admin: Admin): HealthWatch {
  const summary = signal<HealthSummary | undefined>(undefined);
  let stopping = new AbortController();

  async function look({ signal: leaving }: AbortController): Promise<void> {
    try {
      const found = await admin.json<HealthSummary>('/health', { signal: leaving, statuses: [200, 503] });
      if (!leaving.aborted) summary.value = found;
    } catch {
      // That the gateway does not answer is said where the connection is shown.
    }
  }

  return {
    summary,
    refresh: () => void look(stopping),
    start() {
      const own = (stopping = new AbortController());
      void look(own);
      const stop = every(intervalMs, () => void look(own));
      return () => {
        stop();
        own.abort();
      };
    },
  };
}

export const toneOfHealth: Readonly<Record<HealthSummary['status'], Tone>> = {
  ok: 'ok',
  degraded: 'warn',
  failed: 'bad',
  rescue: 'bad',
  draining: 'warn',
  starting: 'warn',
  held: 'bad',
};
