/**
 * Loaded into a program of Node before its own code (`NODE_OPTIONS=--import=file:///…/node-preload.js?directory=…`): tells the size of its heap after each full
 * collection, and of what it holds outside of the heap, in the file `heap.PID` of that directory.
 *
 * Plain JavaScript for Node 16 and later. It never keeps the program alive, never throws into it, and writes at most once a second, when something was
 * collected: without that nothing has changed much.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const directory = new URL(import.meta.url).searchParams.get('directory');
const intervalMs = 1000;

if (directory !== null && isMainThread) report(`${directory}/heap.${process.pid}`);

/** @param {string} path */
function report(path) {
  /** @type {number | undefined} */
  let heapAfterGcBytes;
  let written = '';
  const write = () => {
    const text = JSON.stringify({ heapAfterGcBytes, externalBytes: process.memoryUsage().external });
    if (text === written) return;
    try {
      // Whoever reads finds the one or the other, and never half of it.
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      written = text;
    } catch {
      // The directory is gone or full: the program goes on without being told of.
    }
  };
  let dueMs = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = /** @type {{ detail?: { kind?: number } }} */ (entry).detail?.kind;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) heapAfterGcBytes = process.memoryUsage().heapUsed;
      if (entry.startTime < dueMs) continue;
      dueMs = entry.startTime + intervalMs;
      write();
    }
  }).observe({ entryTypes: ['gc'] });
  write();
}
