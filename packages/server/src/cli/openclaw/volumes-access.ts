/** What the commands about volumes work with: where the state is and what lies elsewhere, as far as the configuration can be read. */
import { loadConfiguration, locate, type Configuration } from '../../config/index.ts';
import { readEnvironment, type Environment } from '../../core/env.ts';
import { reasonOf } from '../../core/errors.ts';
import { areasElsewhere } from '../../compose/areas-elsewhere.ts';
import type { Area } from '../../operations/volumes/index.ts';
import type { Terminal } from '../terminal.ts';

export interface VolumesAccess {
  readonly stateDirectory: string;
  readonly elsewhere: readonly Area[];
  readonly environment: Environment;
  /** What names the state directory. */
  readonly from: string;
}

export async function openVolumesAccess(flags: { readonly stateDir?: string }, { env, stderr }: Terminal): Promise<VolumesAccess> {
  const environment = readEnvironment({ env });
  const { stateDirectory, file } = locate(environment, flags);
  const configuration = await loadConfiguration({ environment, flags }).catch((thrown: unknown): Configuration | undefined => {
    stderr.write(`What ${file} says of other places does not count: ${reasonOf(thrown)}.\n`);
    return undefined;
  });
  return {
    ...{ stateDirectory, environment },
    elsewhere: configuration ? areasElsewhere(configuration) : [],
    from: flags.stateDir === undefined ? (environment.lookup('OPENCLAW_STATE_DIR')?.source ?? 'the default') : '--state-dir',
  };
}
