/** What a running container uses, from the engine's two readings a second apart. */
import type { JsonValue } from '../../../core/json.ts';
import { objectOf, positiveOf } from '../answers.ts';
import type { Usage } from '../evidence.ts';

/** Undefined where it has ended meanwhile. */
export function usageOf(answer: JsonValue): Usage | undefined {
  const stats = objectOf(answer);
  const memory = objectOf(stats['memory_stats']);
  const usage = positiveOf(memory['usage']);
  if (usage === undefined) return undefined;
  const figures = objectOf(memory['stats']);
  // Files that can be dropped at once are not what a limit is hit by; the names are those of both versions of control groups.
  const droppable = positiveOf(figures['total_inactive_file']) ?? positiveOf(figures['inactive_file']) ?? 0;
  const peak = positiveOf(memory['max_usage']);
  const [now, before] = [objectOf(stats['cpu_stats']), objectOf(stats['precpu_stats'])];
  const cpu = (reading: JsonValue | undefined): number => positiveOf(objectOf(objectOf(reading)['cpu_usage'])['total_usage']) ?? 0;
  const elapsed = Date.parse(String(stats['read'])) - Date.parse(String(stats['preread']));
  const throttling = objectOf(now['throttling_data']);
  const processes = positiveOf(objectOf(stats['pids_stats'])['current']);
  return {
    memoryBytes: Math.max(0, usage - droppable),
    ...(peak === undefined ? {} : { memoryPeakBytes: peak }),
    // Before the first reading there is none to compare with: that one is of the year one.
    ...(elapsed > 0 && elapsed < 60_000 ? { cpuPercent: Math.round((100 * (cpu(now) - cpu(before))) / (elapsed * 1e6)) } : {}),
    ...(processes === undefined ? {} : { processes }),
    periods: positiveOf(throttling['periods']) ?? 0,
    throttledPeriods: positiveOf(throttling['throttled_periods']) ?? 0,
  };
}
