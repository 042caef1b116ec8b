/** Which model answers where nobody said which: the operator's first route, else a model that a provider has. */
import type { OfferedModel, Router } from '../models/index.ts';

const everything = { id: 'openclaw', models: undefined };
/** Answers always, and says what it is. */
const rehearsal = 'openclaw/rehearsal';

/**
 * @param routes names in the order of the configuration; one that is called `default` goes before the others. Without a route it is the
 * first model in the list that is known to take tools, as those that hold conversations do and those for vectors or speech do not.
 */
export function chooseDefaultModel(router: Pick<Router, 'list'>, routes: readonly string[]): string {
  const route = routes.find((name) => name === 'default') ?? routes[0];
  if (route !== undefined) return route;
  const offered = router.list(everything).filter(({ id }) => id !== rehearsal);
  const talks = ({ known }: OfferedModel): boolean => known?.abilities?.tools === true;
  return (offered.find(talks) ?? offered[0])?.id ?? rehearsal;
}
