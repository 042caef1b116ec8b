/** Finds the name that somebody probably meant. */

/** No setting, command or model has a longer name; what is longer is no typing slip. */
const longestName = 100;

/** The candidate with the fewest typing slips from `name`, or undefined when none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  // Names come from clients too, and the work grows with the square of their length.
  if (name.length > longestName) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // Two slips, or one in three letters of a long name: beyond that a suggestion confuses more than it helps.
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = slips(wanted, candidate.toLowerCase(), bestDistance);
    // A name of which nothing is left is not a slip.
    if (distance < bestDistance && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Damerau-Levenshtein distance (optimal string alignment): letters added, left out, changed, or swapped with their neighbour.
 * Anything from `limit` on is given up as soon as it shows: a client that asks for names that there are not must not keep everybody waiting.
 */
function slips(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let before: number[] = [];
  let above: number[] = [];
  let row: number[] = [];
  for (let j = 0; j <= to.length; j += 1) above.push(j);
  let leastAbove = 0;
  for (let i = 1; i <= from.length; i += 1) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + change);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap looks two rows back, so one row alone decides nothing.
    if (least >= limit && leastAbove >= limit) return limit;
    leastAbove = least;
    [before, above, row] = [above, row, before];
  }
  return above[to.length]!;
}
