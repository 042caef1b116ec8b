/** From the share of its memory that a process uses to what that means. With a gap between up and down, so that it does not flutter. */

export type MemoryState = 'ok' | 'pressure' | 'critical';

export const memoryLevels = {
  pressure: { enter: 0.85, leave: 0.8 },
  critical: { enter: 0.95, leave: 0.9 },
} as const;

export function nextMemoryState(before: MemoryState, share: number): MemoryState {
  const { pressure, critical } = memoryLevels;
  if (share >= (before === 'critical' ? critical.leave : critical.enter)) return 'critical';
  return share >= (before === 'ok' ? pressure.enter : pressure.leave) ? 'pressure' : 'ok';
}
