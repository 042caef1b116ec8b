/** What agents need to know of the models that they name: how long a conversation may be there, and whether anybody offers them at all. */
import type { AgentsSettings } from '../config/index.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Router } from '../models/index.ts';
import { findUnknownModels, windowLimitsOf } from '../runs/context/index.ts';
import type { WindowLimits } from '../runs/engine/contract.ts';

type Resolving = Pick<Router, 'resolve'>;

const everything = { id: 'openclaw', models: undefined };

/** As the routes lead and the catalogue knows when it is asked. @throws OpenClawError `model_not_found`, what comes back does */
export function createModelWindows(router: Resolving): (model: string) => WindowLimits {
  return (model) => {
    const { targets } = router.resolve(model, everything);
    return windowLimitsOf(
      model,
      targets.flatMap(({ place }) => place.known ?? []),
    );
  };
}

/** A route that was renamed, a slip in an id: it is no mistake of the file alone, since servers and catalogues come later than the file. */
export function warnOfUnknownModels(agents: AgentsSettings, { router, log }: { readonly router: Resolving; readonly log: Log }): void {
  for (const { setting, model } of findUnknownModels(agents, (name) => isOffered(name, router))) {
    log.warn('an agent has a model that nobody offers', { setting, model });
  }
}

function isOffered(model: string, router: Resolving): boolean {
  try {
    router.resolve(model, everything);
    return true;
  } catch (thrown) {
    if (thrown instanceof OpenClawError && thrown.code === 'model_not_found') return false;
    throw thrown;
  }
}
