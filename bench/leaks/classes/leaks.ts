/** Fourteen ways to leak. Each is a plan with parameters from chance; what they have in common is that only a restart frees the memory. */
import type { Class } from './class.ts';
import { diurnal, draw, drawPlain, steadyRate } from './draw.ts';
import { between, betweenMagnitudes, mebibyte, type Moment, type Plan, type Random } from './simulate.ts';

const day = { from: 20, to: 72 } as const;

/** Bytes an hour with which the limit is reached after so many hours. */
function slopeFor(
  plan: Pick<Plan, 'baseBytes' | 'limitBytes'>,
  random: Random,
  hours: { readonly from: number; readonly to: number },
): number {
  return (plan.limitBytes - plan.baseBytes) / betweenMagnitudes(random, hours.from, hours.to);
}

/** Memory that is proportional to what has happened so far. */
function leaking(bytesPerHour: number, sinceHours = 0): Plan['start'] {
  return () => {
    let leaked = 0;
    return ({ hours, stepHours }) => {
      if (hours >= sinceHours) leaked += bytesPerHour * stepHours;
      return { heapBytes: leaked };
    };
  };
}

const straight =
  (hours: { readonly from: number; readonly to: number }) =>
  (random: Random): Plan => {
    const plan = drawPlain(random);
    return { ...plan, start: leaking(slopeFor(plan, random, hours)) };
  };

function perRequest(random: Random): Plan {
  const plan = draw(random);
  const { ratePerSecond, mean } = diurnal(random);
  const bytesPerRequest = slopeFor(plan, random, day) / (mean * 3600);
  return {
    ...plan,
    ratePerSecond,
    start: () => {
      let leaked = 0;
      return ({ requests }) => ({ heapBytes: (leaked += requests * bytesPerRequest) });
    },
  };
}

function inSteps(random: Random): Plan {
  const plan = drawPlain(random);
  const everyHours = between(random, 0.33, 1.5);
  const stepBytes = slopeFor(plan, random, day) * everyHours;
  return {
    ...plan,
    start: (chance) => {
      let leaked = 0;
      let nextAge = everyHours * chance();
      return ({ ageHours }) => {
        if (ageHours >= nextAge) {
          leaked += stepBytes * between(chance, 0.6, 1.4);
          nextAge += everyHours * between(chance, 0.8, 1.2);
        }
        return { heapBytes: leaked };
      };
    },
  };
}

function cutShort(random: Random): Plan {
  const plan = drawPlain(random);
  const deploymentsAtHours: number[] = [];
  for (let at = between(random, 1, 4); at < 400; at += between(random, 3, 9)) deploymentsAtHours.push(at);
  return { ...plan, deploymentsAtHours, start: leaking(slopeFor(plan, random, { from: 12, to: 40 })) };
}

function beneathCollections(random: Random): Plan {
  const plan = draw(random, { managed: true });
  const garbage = { bytes: plan.baseBytes * between(random, 0.2, 0.5), hours: between(random, 0.08, 0.7) };
  return { ...plan, garbage, limitBytes: plan.limitBytes + garbage.bytes, start: leaking(slopeFor(plan, random, day)) };
}

function besideLoad(random: Random): Plan {
  const plan = draw(random);
  const { ratePerSecond, mean } = diurnal(random);
  const bytesPerRate = (plan.baseBytes * between(random, 0.1, 0.3)) / mean;
  const bytesPerHour = slopeFor(plan, random, day);
  return {
    ...plan,
    limitBytes: plan.limitBytes + 2 * mean * bytesPerRate,
    ratePerSecond,
    start: () => {
      let leaked = 0;
      return ({ stepHours, ratePerSecond: rate }) => ({ heapBytes: (leaked += bytesPerHour * stepHours) + rate * bytesPerRate });
    },
  };
}

function native(random: Random): Plan {
  const plan = draw(random, { managed: true });
  const bytesPerHour = slopeFor(plan, random, day);
  const isHeld = random() < 0.5;
  return {
    ...plan,
    start: () => {
      let leaked = 0;
      return ({ stepHours }) => {
        leaked += bytesPerHour * stepHours;
        return { nativeBytes: leaked, externalBytes: isHeld ? leaked : 0 };
      };
    },
  };
}

function behindCache(random: Random): Plan {
  const plan = drawPlain(random);
  const cacheBytes = plan.baseBytes * between(random, 0.2, 0.6);
  const fillHours = between(random, 0.5, 3);
  const bytesPerHour = slopeFor(plan, random, day);
  return {
    ...plan,
    young: true,
    limitBytes: plan.limitBytes + cacheBytes,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: cacheBytes * (1 - Math.exp(-ageHours / fillHours)) + bytesPerHour * ageHours }),
  };
}

function sinceDeployment(random: Random): Plan {
  const plan = drawPlain(random);
  const at = between(random, 1, 2.5);
  return { ...plan, deploymentsAtHours: [at], start: leaking(slopeFor(plan, random, { from: 16, to: 48 }), at) };
}

const counted =
  (what: 'threads' | 'sockets', eachBytes: { readonly from: number; readonly to: number }) =>
  (random: Random): Plan => {
    const plan = draw(random);
    const bytes = betweenMagnitudes(random, eachBytes.from, eachBytes.to);
    const perHour = slopeFor(plan, random, day) / bytes;
    return {
      ...plan,
      ...steadyRate(random),
      start: (chance) => {
        let leaked = 0;
        return ({ stepHours }: Moment) => {
          leaked += perHour * stepHours * between(chance, 0, 2);
          return { nativeBytes: Math.floor(leaked) * bytes, [what]: Math.floor(leaked) };
        };
      },
    };
  };

function speedingUp(random: Random): Plan {
  const plan = drawPlain(random);
  const endHours = betweenMagnitudes(random, day.from, day.to);
  const power = between(random, 1.4, 2);
  return {
    ...plan,
    start:
      () =>
      ({ ageHours }) => ({ heapBytes: (plan.limitBytes - plan.baseBytes) * (ageHours / endHours) ** power }),
  };
}

const kibibyte = mebibyte / 1024;

export const leaks: readonly Omit<Class, 'part' | 'leaks'>[] = [
  { name: 'slow leak', about: 'straight, OOM after 3 to 8 days', plan: straight({ from: 72, to: 192 }) },
  { name: 'leak of a day or two', about: 'straight, OOM after 20 to 72 hours', plan: straight(day) },
  { name: 'fast leak', about: 'straight, OOM after 7 to 20 hours, and again', plan: straight({ from: 7, to: 20 }) },
  { name: 'leak that speeds up', about: 'by the 1.4th to 2nd power of time', plan: speedingUp },
  { name: 'leak per request', about: 'so many bytes of each request, under the load of a day', plan: perRequest },
  { name: 'leak beside load', about: 'straight, with memory for sessions that follow the load of a day', plan: besideLoad },
  { name: 'leak in steps', about: 'a step every 20 to 90 minutes', plan: inSteps },
  { name: 'leak cut short', about: 'a deployment every 3 to 9 hours, before it gets far', plan: cutShort },
  { name: 'leak beneath collections', about: 'a saw of garbage of up to half the base above it', plan: beneathCollections },
  { name: 'leak behind a cache', about: 'a cache fills in the first hours and hides it', plan: behindCache },
  { name: 'native leak', about: 'outside of a heap that stays as it is', plan: native },
  { name: 'leak since a deployment', about: 'steady before it, straight after', plan: sinceDeployment },
  { name: 'threads never ended', about: '64 KiB to 1 MiB each', plan: counted('threads', { from: 64 * kibibyte, to: mebibyte }) },
  { name: 'connections never closed', about: '20 to 60 KiB each', plan: counted('sockets', { from: 20 * kibibyte, to: 60 * kibibyte }) },
];
