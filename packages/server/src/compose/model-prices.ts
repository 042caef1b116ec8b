/** Whether a limit of money can be kept: all that the name of a model may lead to has to have a price. */
import { OpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Router } from '../models/index.ts';
import type { Agent } from '../runs/engine/contract.ts';

type Resolving = Pick<Router, 'resolve'>;

const everything = { id: 'openclaw', models: undefined };

/** @throws OpenClawError `price_unknown`. A name that nobody offers is no matter of prices. */
export function createPriceCheck(router: Resolving): (model: string, limitUsd: number) => void {
  return (model, limitUsd) => {
    const target = findUnpriced(model, router);
    if (target !== undefined) throw new OpenClawError('price_unknown', { details: { target, usd: limitUsd } });
  };
}

export interface TellOfPrices {
  readonly router: Resolving;
  readonly log: Log;
  /** Of agents that name none. */
  readonly defaultModel: () => string;
}

/** Prices come with the catalogue, later than the file: what cannot hold is told, and is no mistake of the file alone. */
export function tellOfUnknownPrices(agents: readonly Agent[], { router, log, defaultModel }: TellOfPrices): void {
  for (const { id: agent, model = defaultModel(), limits } of agents) {
    const target = findUnpriced(model, router);
    if (target === undefined) continue;
    const { message, hint } = new OpenClawError('price_unknown', { details: { target, usd: limits.usd } });
    if (limits.pricedOnly)
      log.warn('an agent has a limit of money that cannot be kept: its runs are refused', { agent, reason: message, hint });
    else log.info('the limit of money does not count for an agent: no price is known of its model', { agent, target });
  }
}

/** The first that it may lead to of which no price is known. */
function findUnpriced(model: string, router: Resolving): string | undefined {
  try {
    const place = router.resolve(model, everything).targets.find((target) => target.place.known?.price === undefined)?.place;
    return place && `${place.provider.id}/${place.model}`;
  } catch (thrown) {
    if (thrown instanceof OpenClawError && thrown.code === 'model_not_found') return undefined;
    throw thrown;
  }
}
