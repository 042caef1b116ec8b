/** Twelve more classes, half of them leaks, written when the method was finished: it was run on them once, and not changed after that. */
import type { Class } from './class.ts';
import { diurnal, draw, drawPlain, steadyRate } from './draw.ts';
import { between, betweenMagnitudes, type Plan, type Random } from './simulate.ts';

function slopeFor({ baseBytes, limitBytes }: Pick<Plan, 'baseBytes' | 'limitBytes'>, random: Random): number {
  return (limitBytes - baseBytes) / betweenMagnitudes(random, 20, 72);
}

function atWorkingHours(random: Random): Plan {
  const plan = draw(random);
  const rate = betweenMagnitudes(random, 5, 200);
  const opensAt = between(random, 0, 24);
  const isOpen = (hours: number): boolean => (hours - opensAt + 240) % 24 < 9;
  const bytesPerRequest = slopeFor(plan, random) / (rate * 3600 * (0.375 + 0.05 * 0.625));
  return {
    ...plan,
    ratePerSecond: (hours) => rate * (isOpen(hours) ? 1 : 0.05),
    start: () => {
      let leaked = 0;
      return ({ requests }) => ({ heapBytes: (leaked += requests * bytesPerRequest) });
    },
  };
}

function twice(random: Random): Plan {
  const plan = draw(random, { managed: true });
  const bytesPerHour = slopeFor(plan, random);
  const share = between(random, 0.3, 0.7);
  return {
    ...plan,
    start: () => {
      let leaked = 0;
      return ({ stepHours }) => {
        leaked += bytesPerHour * stepHours;
        return { heapBytes: share * leaked, nativeBytes: (1 - share) * leaked, externalBytes: (1 - share) * leaked };
      };
    },
  };
}

function restartedNightly(random: Random): Plan {
  const plan = drawPlain(random);
  const first = between(random, 3, 24);
  const bytesPerHour = (plan.limitBytes - plan.baseBytes) / between(random, 26, 60);
  return {
    ...plan,
    restartsAtHours: Array.from({ length: 20 }, (_, night) => first + 24 * night),
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: bytesPerHour * ageHours }),
  };
}

function beneathBursts(random: Random): Plan {
  const plan = drawPlain(random);
  const bytesPerHour = slopeFor(plan, random);
  const burstBytes = plan.baseBytes * between(random, 0.2, 0.6);
  const everyHours = between(random, 0.5, 3);
  return {
    ...plan,
    limitBytes: plan.limitBytes + burstBytes,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: bytesPerHour * ageHours + (ageHours % everyHours < 0.15 ? burstBytes : 0) }),
  };
}

function ofFailures(random: Random): Plan {
  const plan = drawPlain(random);
  const bytesPerHour = slopeFor(plan, random) / 0.3;
  return {
    ...plan,
    start: (chance) => {
      let leaked = 0;
      let isFailing = false;
      let until = 0;
      return ({ ageHours, stepHours }) => {
        if (ageHours >= until) {
          isFailing = !isFailing;
          until = ageHours + between(chance, 0.3, 1.5) * (isFailing ? 1 : 2.3);
        }
        return { heapBytes: (leaked += isFailing ? bytesPerHour * stepHours : 0) };
      };
    },
  };
}

function underFlushes(random: Random): Plan {
  const plan = draw(random);
  const bytesPerHour = slopeFor(plan, random);
  const cacheBytes = plan.baseBytes * between(random, 0.1, 0.4);
  const everyHours = between(random, 2, 4);
  return {
    ...plan,
    ...steadyRate(random),
    limitBytes: plan.limitBytes + cacheBytes,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: bytesPerHour * ageHours + (cacheBytes * (ageHours % everyHours)) / everyHours }),
  };
}

function highWaterMark(random: Random): Plan {
  const plan = draw(random);
  const { ratePerSecond, mean } = diurnal(random);
  const bytesPerRate = (plan.baseBytes * between(random, 0.1, 0.3)) / mean;
  return {
    ...plan,
    ratePerSecond,
    limitBytes: plan.limitBytes + 2 * mean * bytesPerRate,
    start: () => {
      let highest = 0;
      return ({ hours }) => ({ nativeBytes: (highest = Math.max(highest, ratePerSecond(hours))) * bytesPerRate });
    },
  };
}

function expiring(random: Random): Plan {
  const plan = draw(random);
  const { ratePerSecond, mean } = diurnal(random);
  const livesHours = between(random, 3, 8);
  const bytesPerRequest = (plan.baseBytes * between(random, 0.2, 0.6)) / (mean * 3600 * livesHours);
  return {
    ...plan,
    ratePerSecond,
    limitBytes: plan.limitBytes + 2 * mean * 3600 * livesHours * bytesPerRequest,
    start: () => {
      const entries: { readonly at: number; readonly bytes: number }[] = [];
      let held = 0;
      let oldest = 0;
      return ({ ageHours, requests }) => {
        entries.push({ at: ageHours, bytes: requests * bytesPerRequest });
        held += requests * bytesPerRequest;
        for (let entry = entries[oldest]; entry && entry.at < ageHours - livesHours; entry = entries[(oldest += 1)]) held -= entry.bytes;
        return { heapBytes: held };
      };
    },
  };
}

function nightlyJob(random: Random): Plan {
  const plan = drawPlain(random);
  const bytes = plan.baseBytes * between(random, 0.3, 1);
  const at = between(random, 0, 24);
  const lastsHours = between(random, 1, 3);
  return {
    ...plan,
    limitBytes: plan.limitBytes + bytes,
    start:
      () =>
      ({ hours }) => ({ heapBytes: (hours - at + 240) % 24 < lastsHours ? bytes : 0 }),
  };
}

function warmingTwice(random: Random): Plan {
  const plan = drawPlain(random);
  const bytes = plan.baseBytes * between(random, 0.2, 0.5);
  const secondAt = between(random, 2, 6);
  const fill = (hours: number): number => (hours <= 0 ? 0 : 1 - Math.exp(-hours / 0.3));
  return {
    ...plan,
    young: true,
    limitBytes: plan.limitBytes + 2 * bytes,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: bytes * (fill(ageHours) + fill(ageHours - secondAt)) }),
  };
}

function upToItsCeiling(random: Random): Plan {
  const plan = draw(random);
  const ceiling = plan.baseBytes * between(random, 0.4, 1.2);
  const hours = between(random, 1, 4);
  const saw = between(random, 0.1, 0.2);
  const sawHours = between(random, 0.1, 0.6);
  return {
    ...plan,
    young: true,
    limitBytes: plan.limitBytes + 1.2 * ceiling,
    // The heap grows as its collector lets it, and what lives in it does not.
    start:
      () =>
      ({ ageHours }) => ({
        nativeBytes: ceiling * (1 - Math.exp(-ageHours / hours)) * (1 - saw + (saw * (ageHours % sawHours)) / sawHours),
      }),
  };
}

function newTenants(random: Random): Plan {
  const plan = drawPlain(random);
  const arrivals = Array.from({ length: Math.round(between(random, 3, 5)) }, () => ({
    at: between(random, 0, 20),
    bytes: plan.baseBytes * between(random, 0.03, 0.1),
  }));
  return {
    ...plan,
    start:
      () =>
      ({ hours }) => ({ heapBytes: arrivals.reduce((sum, { at, bytes }) => sum + (hours >= at ? bytes : 0), 0) }),
  };
}

export const unseenLeaks: readonly Omit<Class, 'part' | 'leaks'>[] = [
  { name: 'leak at working hours', about: 'so many bytes of each request, nine hours a day', plan: atWorkingHours },
  { name: 'two leaks', about: 'one in the heap, one in buffers', plan: twice },
  { name: 'leak restarted nightly', about: 'before it gets there', plan: restartedNightly },
  { name: 'leak beneath bursts', about: 'nine minutes high every half to three hours', plan: beneathBursts },
  { name: 'leak of failures', about: 'only while something fails, a third of the time', plan: ofFailures },
  { name: 'leak under flushes', about: 'beneath a cache that is emptied every 2 to 4 hours', plan: underFlushes },
];

export const unseenClean: readonly Omit<Class, 'part' | 'leaks'>[] = [
  { name: 'high-water mark', about: 'what the highest load took is never given back', plan: highWaterMark },
  { name: 'cache with expiry', about: 'entries live 3 to 8 hours, under the load of a day', plan: expiring },
  { name: 'nightly job', about: 'high for 1 to 3 hours each day', plan: nightlyJob },
  { name: 'warm-up in two stages', about: 'the second one after 2 to 6 hours', plan: warmingTwice },
  { name: 'heap up to its ceiling', about: 'a collector that lets garbage lie up to a ceiling', plan: upToItsCeiling },
  { name: 'new tenants', about: '3 to 5 jumps in the first 20 hours', plan: newTenants },
];
