/** Leaks: a map of closures by the id of the request, and nobody takes any out. */
import { serve } from './serve.ts';

const callbacks = new Map<number, () => string>();

function handle(request: number): void {
  const session = { id: request, history: Array.from({ length: 40 }, (_, index) => `${request + index}:${Math.random()}`) };
  callbacks.set(request, () => session.history.join());
}

await serve(handle, () => 15, { sessionMs: 30_000 });
