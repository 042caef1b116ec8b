/** Clean, but large at times: every two minutes a batch is loaded whole, worked on for some seconds and let go. */
import { payload, serve } from './serve.ts';

const everyRequests = 40 * 120;
let batch: string[][] = [];

function handle(request: number): void {
  payload(request);
  if (request % everyRequests !== everyRequests / 2) return;
  batch = Array.from({ length: 40_000 }, (_, row) => payload(row, 20).split(''));
  setTimeout(() => (batch = batch.slice(0, 1)), 8000).unref();
}

await serve(handle, () => 40);
