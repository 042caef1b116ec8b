/**
 * Durations in buckets: each power of two of milliseconds in ten equal parts, so that a quantile is at most 5 % off at any size.
 *
 * Counting is one increment in an array of a fixed length, and histograms add up by adding their arrays. Below 1 ms the error is
 * 0.05 ms instead; beyond the last bucket (70 minutes) everything counts as the longest. It knows no time: see `statistics.ts`.
 */

/** Ten parts make the error of a bucket's middle at most 1 in 21. */
const partsPerOctave = 10;
const octaves = 22;
/** The first parts stand for the milliseconds below 1. */
export const bucketCount = partsPerOctave * (octaves + 1);
const longestMs = 2 ** octaves - 1;

/** What no quantile goes beyond, as a share of the value. */
export const relativeError = 0.05;

export function bucketOf(durationMs: number): number {
  if (!(durationMs >= 1)) return durationMs > 0 ? Math.floor(durationMs * partsPerOctave) : 0;
  const bounded = durationMs > longestMs ? longestMs : durationMs;
  const octave = 31 - Math.clz32(bounded);
  return (octave + 1) * partsPerOctave + Math.floor((bounded / 2 ** octave - 1) * partsPerOctave);
}

/** The value that is nearest, as a share, to all that fall into the bucket. */
function middleMs(bucket: number): number {
  const octave = Math.floor(bucket / partsPerOctave) - 1;
  const part = bucket % partsPerOctave;
  if (octave < 0) return (part + 0.5) / partsPerOctave;
  const low = 2 ** octave * (1 + part / partsPerOctave);
  const high = 2 ** octave * (1 + (part + 1) / partsPerOctave);
  return (2 * low * high) / (low + high);
}

/** The duration that `share` (0 to 1) of those counted do not exceed; `undefined` if none was counted. */
export function quantileMs(counts: ArrayLike<number>, share: number): number | undefined {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) total += counts[bucket]!;
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    seen += counts[bucket]!;
    if (seen >= rank) return middleMs(bucket);
  }
  return middleMs(counts.length - 1);
}
