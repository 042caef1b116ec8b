/** How much memory the gateway needs, and what to say where there is less. */

export const memoryNeed = {
  /** Below this it is ended by the kernel under the first load, if it starts at all. */
  leastBytes: 128 * 2 ** 20,
  /** Enough for ordinary load: `docs/memory.md`. */
  comfortableBytes: 256 * 2 ** 20,
} as const;

/** For the first line of a start: nothing is said of a process that was ended in the middle of it. `undefined` where there is enough. */
export function describeSmallMemory(limitBytes: number): string | undefined {
  if (limitBytes >= memoryNeed.leastBytes) return undefined;
  const [limit, least, comfortable] = [limitBytes, memoryNeed.leastBytes, memoryNeed.comfortableBytes].map((bytes) =>
    Math.floor(bytes / 2 ** 20),
  );
  return (
    `This process may use ${limit} MiB of memory. OpenClaw needs at least ${least} MiB, and ${comfortable} MiB under load. ` +
    'Raise the limit: docker run --memory, resources.limits.memory of the pod, or MemoryMax of the systemd unit.'
  );
}
