/**
 * A gateway in a process of its own, started by `../model-path/memory.test.ts` with `--expose-gc`: takes its settings as the first argument, tells
 * its address, and says how much memory it holds whenever it is asked.
 */
import { startTestGateway } from './gateway.ts';

const gateway = await startTestGateway({ settings: JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown> });

process.on('message', () => {
  // Twice: what the first run sets free through weak references, the second takes.
  globalThis.gc?.();
  globalThis.gc?.();
  // `external` has the buffers in it; adding `arrayBuffers` would count them twice.
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heldBytes: heapUsed + external });
});
process.on('disconnect', () => void gateway[Symbol.asyncDispose]().then(() => process.exit(0)));
process.send?.({ url: gateway.url });
