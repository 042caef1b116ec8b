/** Finds the name that somebody probably meant. */

/** No setting, command or model has a longer name; what is longer is no typing slip. */
const longestName = 100;

/** The candidate with the fewest typing slips from `name`, or undefined when none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  // Names come from clients too, and the work grows with the square of their length.
  if (name.length > longestName) return undefined;
  let best: string | undefined;
  // Two slips, or one in three letters of a long name: beyond that a suggestion confuses more than it helps.
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = slips(name.toLowerCase(), candidate.toLowerCase());
    // A name of which nothing is left is not a slip.
    if (distance < bestDistance && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance (optimal string alignment): letters added, left out, changed, or swapped with their neighbour. */
function slips(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      let cost = Math.min(at(rows[i - 1], j) + 1, at(row, j - 1) + 1, at(rows[i - 1], j - 1) + change);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) cost = Math.min(cost, at(rows[i - 2], j - 2) + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return at(rows.at(-1), to.length);
}

function at(row: readonly number[] | undefined, index: number): number {
  return row?.[index] ?? 0;
}
