/** Work for each of many, a few milliseconds of it in each turn of the event loop, so that nobody else waits for all of it. */

/** As many sends take a few milliseconds. */
const itemsPerTurn = 200;

/** Begins at once; what came later is not among them, and who has gone meanwhile still is. */
export function inTurns<T>(items: Iterable<T>, action: (item: T) => void): void {
  const all = [...items];
  const from = (start: number): void => {
    for (const item of all.slice(start, start + itemsPerTurn)) action(item);
    if (start + itemsPerTurn < all.length) setImmediate(from, start + itemsPerTurn);
  };
  from(0);
}
