/** Sixteen ways to grow, swing or wander without leaking. */
import type { Class } from './class.ts';
import { diurnal, draw, drawPlain, steadyRate } from './draw.ts';
import { between, betweenMagnitudes, type Plan, type Random } from './simulate.ts';

const wandering =
  (hours: { readonly from: number; readonly to: number }, share: { readonly from: number; readonly to: number }) =>
  (random: Random): Plan => ({
    ...drawPlain(random),
    noise: { share: between(random, share.from, share.to), hours: betweenMagnitudes(random, hours.from, hours.to) },
    start: () => () => ({}),
  });

/** A cache that fills as a share of the process's age says. */
function filling(random: Random, shareAt: (ageHours: number) => number, most: { readonly from: number; readonly to: number }): Plan {
  const plan = draw(random);
  const bytes = plan.baseBytes * between(random, most.from, most.to);
  return {
    ...plan,
    ...steadyRate(random),
    young: true,
    limitBytes: plan.limitBytes + bytes,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: bytes * shareAt(ageHours) }),
  };
}

function cacheFilling(random: Random): Plan {
  const hours = betweenMagnitudes(random, 1, 8);
  return filling(random, (age) => 1 - Math.exp(-age / hours), { from: 0.3, to: 1.5 });
}

function cacheFillingStraight(random: Random): Plan {
  const hours = betweenMagnitudes(random, 2, 14);
  return filling(random, (age) => Math.min(1, age / hours), { from: 0.3, to: 1.5 });
}

function warmUp(random: Random): Plan {
  const hours = betweenMagnitudes(random, 0.08, 0.7);
  return filling(random, (age) => 1 - Math.exp(-age / hours), { from: 0.2, to: 0.8 });
}

function logarithmic(random: Random): Plan {
  const hours = between(random, 0.2, 1);
  return filling(random, (age) => Math.log1p(age / hours) / Math.log1p(24 / hours), { from: 0.2, to: 0.8 });
}

/** Memory that follows the load, at once or after a while. */
function following(
  random: Random,
  load: { readonly ratePerSecond: (hours: number) => number; readonly mean: number },
  lagHours: number,
): Plan {
  const plan = draw(random);
  const bytesPerRate = (plan.baseBytes * between(random, 0.1, 0.4)) / load.mean;
  return {
    ...plan,
    limitBytes: plan.limitBytes + 2 * load.mean * bytesPerRate,
    ratePerSecond: load.ratePerSecond,
    start: () => {
      let held: number | undefined;
      return ({ ratePerSecond, stepHours }) => {
        const kept = lagHours === 0 ? 0 : Math.exp(-stepHours / lagHours);
        held = kept * (held ?? ratePerSecond) + (1 - kept) * ratePerSecond;
        return { heapBytes: held * bytesPerRate };
      };
    },
  };
}

function staircase(random: Random): Plan {
  const everyHours = between(random, 1, 3);
  const steps = Math.round(between(random, 4, 8));
  const from = betweenMagnitudes(random, 5, 100);
  const step = from * between(random, 0.15, 0.5);
  const ratePerSecond = (hours: number): number => from + step * Math.min(steps, Math.floor(hours / everyHours));
  return following(random, { ratePerSecond, mean: from + (step * steps) / 2 }, 0);
}

function ramp(random: Random): Plan {
  const endHours = between(random, 4, 20);
  const from = betweenMagnitudes(random, 5, 100);
  const to = from * between(random, 1.5, 4);
  const ratePerSecond = (hours: number): number => from + (to - from) * Math.min(1, hours / endHours);
  return following(random, { ratePerSecond, mean: (from + to) / 2 }, between(random, 0.3, 2));
}

function logFiles(random: Random): Plan {
  const plan = drawPlain(random);
  const bytesPerHour = plan.baseBytes * between(random, 0.02, 0.2);
  return {
    ...plan,
    start:
      () =>
      ({ ageHours }) => ({ fileBytes: bytesPerHour * ageHours }),
  };
}

function slowCollections(random: Random): Plan {
  const plan = draw(random, { managed: true });
  const bytes = plan.baseBytes * between(random, 0.5, 1.5);
  return {
    ...plan,
    garbage: { bytes, hours: betweenMagnitudes(random, 8, 30) },
    limitBytes: plan.limitBytes + bytes,
    start: () => () => ({}),
  };
}

function flushed(random: Random): Plan {
  const plan = draw(random);
  const everyHours = between(random, 4, 12);
  const offset = random() * everyHours;
  const bytes = plan.baseBytes * between(random, 0.2, 1);
  return {
    ...plan,
    ...steadyRate(random),
    limitBytes: plan.limitBytes + bytes,
    start:
      () =>
      ({ hours }) => ({ heapBytes: (bytes * ((hours + offset) % everyHours)) / everyHours }),
  };
}

function batches(random: Random): Plan {
  const plan = drawPlain(random);
  const bytes = plan.baseBytes * between(random, 0.3, 1.5);
  const everyHours = between(random, 0.5, 4);
  const lastsHours = between(random, 0.03, 0.25);
  return {
    ...plan,
    limitBytes: plan.limitBytes + bytes,
    start: (chance) => {
      let begins = everyHours * chance();
      let size = 0;
      return ({ ageHours }) => {
        if (ageHours >= begins + lastsHours) {
          begins = ageHours + everyHours * between(chance, 0.5, 1.5);
          size = between(chance, 0.5, 1);
        }
        return { heapBytes: ageHours >= begins ? bytes * size : 0 };
      };
    },
  };
}

function fragmentation(random: Random): Plan {
  const plan = draw(random, { managed: random() < 0.5 });
  const most = plan.baseBytes * between(random, 0.2, 0.8);
  const hours = betweenMagnitudes(random, 2, 8);
  return {
    ...plan,
    young: true,
    limitBytes: plan.limitBytes + most,
    start: (chance) => {
      let held = 0;
      return ({ stepHours }) => {
        // Now and then an arena that will never be empty again; the fuller it is, the less often.
        if (chance() < stepHours / 0.2) held += (most - held) * (0.2 / hours) * between(chance, 0, 2);
        return { nativeBytes: held };
      };
    },
  };
}

function oneJump(random: Random): Plan {
  const plan = drawPlain(random);
  const bytes = plan.baseBytes * between(random, 0.1, 0.6);
  const at = random() < 0.5 ? between(random, 1, 5) : between(random, 7, 20);
  return {
    ...plan,
    limitBytes: plan.limitBytes + bytes,
    start:
      () =>
      ({ hours }) => ({ heapBytes: hours >= at ? bytes : 0 }),
  };
}

function day(random: Random, phaseHours?: number): Plan {
  return following(random, diurnal(random, phaseHours), random() < 0.5 ? 0 : between(random, 0.1, 0.5));
}

export const clean: readonly Omit<Class, 'part' | 'leaks'>[] = [
  { name: 'steady', about: 'wanders for minutes to an hour', plan: wandering({ from: 0.08, to: 1 }, { from: 0.01, to: 0.04 }) },
  { name: 'slow wandering', about: 'to and fro over 2 to 8 hours', plan: wandering({ from: 2, to: 8 }, { from: 0.02, to: 0.05 }) },
  { name: 'cache that fills', about: 'ever more slowly, with a time constant of 1 to 8 hours', plan: cacheFilling },
  { name: 'cache that fills straight', about: 'full after 2 to 14 hours, and no sign of it before', plan: cacheFillingStraight },
  { name: 'logarithmic growth', about: 'never ends and never gets anywhere', plan: logarithmic },
  { name: 'warm-up', about: 'a time constant of 5 to 40 minutes', plan: warmUp },
  { name: 'load of a day', about: 'any hour of it first', plan: (random) => day(random) },
  { name: 'rising half of a day', about: 'from the lowest hour on', plan: (random) => day(random, 0) },
  { name: 'staircase of load', about: 'a step every 1 to 3 hours, 4 to 8 of them', plan: staircase },
  { name: 'ramp of load', about: 'rises for 4 to 20 hours; memory follows up to 2 hours later', plan: ramp },
  { name: 'log files', about: 'the cache of files grows, and nothing else', plan: logFiles },
  { name: 'flushed cache', about: 'emptied every 4 to 12 hours', plan: flushed },
  { name: 'slow full collections', about: 'garbage lies for 8 to 30 hours', plan: slowCollections },
  { name: 'fragmentation', about: 'native memory that ratchets up to a plateau', plan: fragmentation },
  { name: 'batches', about: 'bursts of 2 to 15 minutes', plan: batches },
  { name: 'one jump', about: 'to a higher level, once', plan: oneJump },
];
