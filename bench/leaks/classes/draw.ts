/** What plans have in common: sizes, limits, noise, collections and loads from chance. */
import { between, betweenMagnitudes, mebibyte, type Plan, type Random } from './simulate.ts';

type Drawn = Omit<Plan, 'start'>;

/** A program of 80 MiB to 1.5 GiB with a limit of 1.6 to 3.5 times that; half of them tell what their heap holds. */
export function draw(random: Random, { managed = random() < 0.5 }: { readonly managed?: boolean } = {}): Drawn {
  const baseBytes = betweenMagnitudes(random, 80, 1536) * mebibyte;
  return {
    baseBytes,
    limitBytes: Math.round((baseBytes * between(random, 1.6, 3.5)) / mebibyte) * mebibyte,
    tellsHeap: managed,
    ...(managed ? { garbage: { bytes: baseBytes * between(random, 0.03, 0.2), hours: betweenMagnitudes(random, 0.03, 0.5) } } : {}),
    young: random() < 0.5,
    noise: { share: betweenMagnitudes(random, 0.003, 0.015), hours: betweenMagnitudes(random, 0.02, 0.2) },
  };
}

/** The same, and in half of them work that is counted, at a rate that stays as it is. */
export function drawPlain(random: Random): Drawn {
  const plan = draw(random);
  return random() < 0.5 ? { ...plan, ...steadyRate(random) } : plan;
}

export function steadyRate(random: Random): Required<Pick<Plan, 'ratePerSecond'>> {
  const rate = betweenMagnitudes(random, 1, 200);
  return { ratePerSecond: () => rate };
}

/** The load of a day: a wave of 24 hours, lowest at `lowestAtHours`. */
export function diurnal(
  random: Random,
  lowestAtHours = between(random, 0, 24),
): { readonly ratePerSecond: (hours: number) => number; readonly mean: number } {
  const mean = betweenMagnitudes(random, 2, 200);
  const swing = between(random, 0.4, 0.8);
  return { mean, ratePerSecond: (hours) => mean * (1 - swing * Math.cos((2 * Math.PI * (hours - lowestAtHours)) / 24)) };
}
