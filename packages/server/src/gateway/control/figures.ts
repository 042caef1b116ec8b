/** What of the control plane is counted. The documentation of each is in `docs/metrics.md`. */
import type { Counter, Family, Metrics } from '../../core/metrics.ts';
import type { ControlClient } from './contract.ts';

export interface ControlFigures {
  readonly framesIn: Counter;
  readonly framesOut: Counter;
  readonly slowConsumers: Counter;
  /** By reason, from a fixed set. */
  readonly refusedHandshakes: Family<Counter>;
  /** By method, which is `unknown` for one that there is not, and outcome. */
  readonly calls: Family<Counter>;
}

export interface ObservedPlane {
  clients(): readonly ControlClient[];
  waiting(): number;
  bufferedBytes(): number;
}

export function createControlFigures(metrics: Metrics): ControlFigures {
  const frames = metrics.counter({
    name: 'openclaw_control_frames_total',
    help: 'Frames over WebSockets of the control plane by direction.',
    labelNames: ['direction'],
  });
  return {
    framesIn: frames.labels('in'),
    framesOut: frames.labels('out'),
    slowConsumers: metrics
      .counter({ name: 'openclaw_control_slow_consumers_total', help: 'Clients closed because they read too slowly.' })
      .labels(),
    refusedHandshakes: metrics.counter({
      name: 'openclaw_control_handshakes_refused_total',
      help: 'Connections to the control plane that ended before their handshake was through, by reason.',
      labelNames: ['reason'],
    }),
    calls: metrics.counter({
      name: 'openclaw_control_calls_total',
      help: 'Answered calls of methods of the control plane by outcome.',
      labelNames: ['method', 'outcome'],
    }),
  };
}

export function showControlPlane(metrics: Metrics, plane: ObservedPlane): void {
  metrics.callback({
    name: 'openclaw_control_connections',
    type: 'gauge',
    help: 'Clients of the control plane by role and mode.',
    labelNames: ['role', 'mode'],
    read: () => countByRoleAndMode(plane.clients()),
  });
  metrics.callback({
    name: 'openclaw_control_handshakes',
    type: 'gauge',
    help: 'Connections to the control plane whose handshake is under way.',
    read: plane.waiting,
  });
  metrics.callback({
    name: 'openclaw_control_buffered_bytes',
    type: 'gauge',
    help: 'Bytes that wait for clients of the control plane that are far behind.',
    read: plane.bufferedBytes,
  });
}

function countByRoleAndMode(clients: readonly ControlClient[]) {
  const counts = new Map<string, { labels: readonly string[]; value: number }>();
  for (const { principal, client } of clients) {
    const labels = [principal.role, client.mode];
    const sample = counts.get(labels.join()) ?? { labels, value: 0 };
    sample.value += 1;
    counts.set(labels.join(), sample);
  }
  return counts.values();
}
