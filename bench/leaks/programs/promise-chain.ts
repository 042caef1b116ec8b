/** Leaks: every request races against one promise that never settles, and leaves its reactions behind on it. */
import { payload, serve } from './serve.ts';

const shutdown = new Promise<never>(() => {});

function handle(request: number): void {
  const body = payload(request).split('').slice(0, 60);
  void Promise.race([shutdown, Promise.resolve(body)]).then((winner) => winner.length);
}

await serve(handle, () => 80);
