/** What the doctor needs of this machine and its configuration; loaded only when the doctor is called. */
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { knownProviders, providersFromEnvironment } from '../../models/index.ts';
import { diagnose, gatherFacts, type DoctorReport } from '../../operations/doctor/index.ts';
import { version } from '../../version.ts';
import type { Terminal } from '../terminal.ts';

export async function diagnoseHere({ env }: Pick<Terminal, 'env'>): Promise<DoctorReport> {
  const facts = await gatherFacts({
    ...{ environment: readEnvironment({ env }), version, clock: systemClock, vendors: knownProviders },
    findProviders: ({ settings, environment }) => {
      const found = providersFromEnvironment((name) => environment.lookup(name)?.value).map(({ vendor }) => vendor.id);
      return [...new Set([...Object.keys(settings.models.providers), ...found])];
    },
  });
  return diagnose(facts);
}
