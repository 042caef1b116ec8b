/** A gateway on a copy of a state, to see that it starts: on this machine alone, on a free port, and nothing that was under way goes on. */
import { createConfigurationKeeper, loadConfiguration, type ConfigurationStatus } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import type { Environment } from '../core/env.ts';
import { createLog } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createRedactor } from '../core/redact.ts';
import { knownProviders } from '../models/index.ts';
import { startGateway } from './start.ts';

export interface HeldCopy extends AsyncDisposable {
  readonly url: string;
  /** Whether the configuration of the copy holds, and why not. */
  readonly configuration: ConfigurationStatus;
}

/** @throws OpenClawError for everything that keeps a gateway from starting on it */
export async function startHeldCopy(stateDirectory: string, environment: Environment): Promise<HeldCopy> {
  const clock = systemClock;
  const load = { environment, flags: { stateDir: stateDirectory, bind: 'loopback', port: '0' }, vendors: knownProviders };
  const keeper = await createConfigurationKeeper({ ...load, clock });
  try {
    const rescue = keeper.current ?? (await loadConfiguration({ ...load, text: '{}' }));
    const gateway = await startGateway({
      ...{ keeper, rescue, clock, held: true, lockWaitMs: 0 },
      log: createLog({ destinations: [], clock, level: 'silent' }),
      redactor: createRedactor([...rescue.secrets.values()]),
      metrics: createMetrics(),
    });
    return {
      url: gateway.url,
      configuration: keeper.status,
      async [Symbol.asyncDispose]() {
        await gateway.stop();
        await keeper.close();
      },
    };
  } catch (thrown) {
    await keeper.close();
    throw thrown;
  }
}
