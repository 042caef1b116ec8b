/** The control plane over the parts that there are. It listens before they are built, and tells clients to come again until then. */
import type { Clock } from '../core/clock.ts';
import { toOpenClawError, type OpenClawError } from '../core/errors.ts';
import { createIds } from '../core/ids.ts';
import type { RootLog } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import {
  createControlPlane,
  kindOfOrigin,
  methodCapabilities,
  methodEvents,
  refuseUnknownHost,
  type Admission,
  type ControlPlane,
  type GatewayPolicy,
  type GatewaySnapshot,
} from '../gateway/index.ts';
import { version } from '../version.ts';
import type { InForce } from './in-force.ts';
import type { Parts } from './parts.ts';

export interface BuildControlOptions {
  /** Undefined until the state is open. */
  readonly parts: () => Parts | undefined;
  readonly inForce: () => InForce;
  readonly clock: Clock;
  readonly log: RootLog;
  readonly metrics: Metrics;
}

export function buildControlPlane({ parts, inForce, clock, log, metrics }: BuildControlOptions): ControlPlane {
  const policy = (): GatewayPolicy => inForce().policy;
  const ready = (): Parts => {
    const built = parts();
    if (!built) throw new TypeError('the control plane let somebody in before the gateway was ready');
    return built;
  };
  return createControlPlane({
    ...{ clock, metrics, ids: createIds({ clock }), log: log.child({ component: 'control' }), advertisedVersion: version },
    door: { admit: async (asked) => tellState(await ready().door.admit(asked), ready().controlSide.snapshot()) },
    methods: () => parts()?.controlSide.methods ?? {},
    events: [...methodEvents, 'config.changed', 'clw-memory-pressure'],
    capabilities: methodCapabilities,
    snapshot: () => ready().controlSide.snapshot(),
    health: () => parts()?.controlSide.publicHealth() ?? { ok: false },
    handshakeTimeoutMs: () => inForce().configuration.settings.gateway.handshakeTimeoutMs,
    state: () => (parts() === undefined ? 'starting' : parts()?.gateway.isDraining() ? 'draining' : 'ready'),
    isOriginAllowed: (request) => kindOfOrigin(request, policy()) !== 'foreign',
    refuseUpgrade: (request) => {
      // Programs may know the gateway by any name; a page could have brought its name about.
      if (request.headers.origin === undefined && !policy().open) return undefined;
      return thrownBy(() => refuseUnknownHost(request, policy()));
    },
  });
}

/** A client that knew another state says then that it is gone, rather than ask for a credential that this one has never seen. */
function tellState(admission: Admission, { stateId }: GatewaySnapshot): Admission {
  if (admission.admitted || stateId === undefined) return admission;
  const { error } = admission;
  return { ...admission, error: { ...error, details: { ...error.details, stateId } } };
}

function thrownBy(action: () => void): OpenClawError | undefined {
  try {
    action();
    return undefined;
  } catch (thrown) {
    return toOpenClawError(thrown);
  }
}
