/** Leaks: every request adds a listener to an emitter that lives for ever, and with it what the listener closes over. */
import { EventEmitter } from 'node:events';
import { payload, serve } from './serve.ts';

const changes = new EventEmitter();
changes.setMaxListeners(0);

function handle(request: number): void {
  const body = payload(request).split('').slice(0, 60);
  changes.on('change', () => body.length);
}

await serve(handle, () => 40, { sessionMs: 30_000 });
