/**
 * Whether the wall clock goes as the monotonic one does. A jump makes keys expire early or late, signs requests with a wrong time, and
 * breaks certificates; whoever looks for the cause is told when it was, and by how much.
 */
import type { Clock } from '../../../core/clock.ts';
import { degraded, ok, type Check } from '../check.ts';

/** Smaller ones hurt nobody, and reading two clocks takes a moment. */
const jumpMs = 5000;
/** Time servers correct by at most half a millisecond per second; more is a jump, however long nobody has looked. */
const slewShare = 0.001;
const rememberMs = 5 * 60_000;

export function createClockCheck(clock: Clock): Check {
  let seen = read(clock);
  let jump: { readonly byMs: number; readonly atMs: number } | undefined;
  return () => {
    const now = read(clock);
    const byMs = now.offsetMs - seen.offsetMs;
    if (Math.abs(byMs) > jumpMs + slewShare * (now.monotonicMs - seen.monotonicMs)) jump = { byMs, atMs: now.monotonicMs };
    seen = now;
    if (jump === undefined || now.monotonicMs - jump.atMs > rememberMs) return ok;
    const seconds = Math.round(jump.byMs / 1000);
    return degraded(`the wall clock jumped by ${seconds > 0 ? '+' : ''}${seconds} s: it was set, or the machine slept`);
  };
}

function read(clock: Clock): { readonly monotonicMs: number; readonly offsetMs: number } {
  const monotonicMs = clock.monotonicMs();
  return { monotonicMs, offsetMs: clock.now() - monotonicMs };
}
