/** The standard normal distribution: how likely, and how far out. */

/** The share below `z`; to seven digits (Abramowitz and Stegun 26.2.17). */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))) * Math.exp(-(z * z) / 2)) /
    Math.sqrt(2 * Math.PI);
  return z >= 0 ? 1 - tail : tail;
}

/** How many standard deviations hold this share in the middle: 0.95 is 1.96. */
export function normalWidth(share: number): number {
  let low = 0;
  let high = 10;
  // The distribution rises, so halving finds it; sixty halvings are exact to the last digit.
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (2 * normalBelow(middle) - 1 < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
