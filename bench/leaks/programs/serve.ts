/**
 * What every Node program here has in common: requests at a rate, and a line of figures every second on file descriptor 3 for the recorder.
 * The heap is what the last full collection left; allocation sites are the difference of two sampling profiles. It leaks nothing itself.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Profile {
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly selfSize: number;
  readonly children: readonly Profile[];
}

interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly bytes: number;
}

const tickMs = 50;

export interface ServeOptions {
  /** Every request has a session of some 20 KB that ends after this time: what most programs hold, and what makes full collections. */
  readonly sessionMs?: number;
}

/** Calls `handle` at the rate (in requests a second, at so many seconds after the start) until the time is over. */
export async function serve(
  handle: (request: number) => void,
  ratePerSecond: (seconds: number) => number,
  { sessionMs }: ServeOptions = {},
): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  const figures = createWriteStream('', { fd: 3 });
  const startedAt = Date.now();
  let requests = 0;
  let due = 0;
  let heapAfterGcBytes: number | undefined;
  new PerformanceObserver((list) => {
    const full = list
      .getEntries()
      .some((entry) => (entry as { detail?: { kind?: number } }).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
    if (full) heapAfterGcBytes = process.memoryUsage().heapUsed;
  }).observe({ entryTypes: ['gc'] });
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', { samplingInterval: 65_536 });
  const working = setInterval(() => {
    due += (ratePerSecond((Date.now() - startedAt) / 1000) * tickMs) / 1000;
    for (; requests < due; requests += 1) {
      // By itself, as a request comes, and so that the compiler does not make one function of the two: sites are functions.
      process.nextTick(handle, requests);
      if (sessionMs !== undefined) beginSession(requests, sessionMs);
    }
  }, tickMs);
  const telling = setInterval(() => {
    figures.write(`${JSON.stringify({ requests, heapAfterGcBytes, externalBytes: process.memoryUsage().external })}\n`);
  }, 1000);
  await new Promise((resolve) => setTimeout(resolve, (seconds / 4) * 1000));
  const from = Date.now();
  const before = sitesOf(await profileOf(session));
  await new Promise((resolve) => setTimeout(resolve, (seconds * 3 * 1000) / 4));
  const after = sitesOf(await profileOf(session));
  const sites = [...after].map(([place, site]) => ({ ...site, growthBytes: site.bytes - (before.get(place)?.bytes ?? 0) }));
  const top = sites.toSorted((left, right) => right.growthBytes - left.growthBytes).slice(0, 10);
  figures.end(`${JSON.stringify({ allocations: { source: 'heap-profile', from, to: Date.now(), sites: top } })}\n`);
  clearInterval(working);
  clearInterval(telling);
  session.disconnect();
  await once(figures, 'finish');
  process.exit();
}

const sessions = new Map<number, string[]>();

function beginSession(request: number, sessionMs: number): void {
  sessions.set(
    request,
    Array.from({ length: 20 }, () => payload(request, 1000)),
  );
  setTimeout(() => sessions.delete(request), sessionMs).unref();
}

async function profileOf(session: Session): Promise<Profile> {
  const { profile } = await session.post('HeapProfiler.getSamplingProfile');
  return profile.head;
}

/** By place. What Node's own code allocates counts for the line of the program that called it. */
function sitesOf(node: Profile, sites = new Map<string, Site>(), caller?: Profile['callFrame']): Map<string, Site> {
  const frame = node.callFrame.url.startsWith('file:') ? node.callFrame : caller;
  if (frame) {
    const file = relative(process.cwd(), fileURLToPath(frame.url));
    const place = `${file}:${frame.lineNumber}`;
    const bytes = (sites.get(place)?.bytes ?? 0) + Math.round(node.selfSize);
    sites.set(place, { function: frame.functionName || '(anonymous)', file, line: frame.lineNumber + 1, bytes });
  }
  for (const child of node.children) sitesOf(child, sites, frame);
  return sites;
}

/** A little garbage, as every request makes. */
export function payload(request: number, characters = 200): string {
  return `${request}:`.padEnd(characters, 'x') + Math.random();
}
