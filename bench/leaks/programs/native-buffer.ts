/** Leaks outside of the heap: of every request a buffer is kept, of which the heap sees only a small object. */
import { payload, serve } from './serve.ts';

const kept: Buffer[] = [];

function handle(request: number): void {
  const buffer = Buffer.allocUnsafeSlow(8192).fill(request);
  if (payload(request).length > 0) kept.push(buffer);
}

await serve(handle, () => 5, { sessionMs: 30_000 });
