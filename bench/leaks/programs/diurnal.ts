/** Clean: sessions of twenty seconds each, under a load that rises and falls like that of a day, and is recorded up to its height. */
import { parseArgs } from 'node:util';
import { payload, serve } from './serve.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const daySeconds = Number(values.seconds) * 2;
const sessions = new Map<number, string[]>();

function handle(request: number): void {
  sessions.set(request, payload(request).split('').slice(0, 150));
  setTimeout(() => sessions.delete(request), 20_000).unref();
}

await serve(handle, (seconds) => 200 - 180 * Math.cos((2 * Math.PI * seconds) / daySeconds));
