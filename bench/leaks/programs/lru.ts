/** Clean: a cache of the most recently used that fills up for a third of the time and then gives up one entry for each new one. */
import { parseArgs } from 'node:util';
import { payload, serve } from './serve.ts';

const ratePerSecond = 40;
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const most = (Number(values.seconds) * ratePerSecond) / 3;
const cache = new Map<number, string[]>();

function handle(request: number): void {
  cache.set(request, payload(request).split('').slice(0, 100));
  if (cache.size > most) cache.delete(cache.keys().next().value ?? 0);
}

await serve(handle, () => ratePerSecond, { sessionMs: 30_000 });
