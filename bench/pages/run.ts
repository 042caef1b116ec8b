/**
 * How long the pages of the Control UI take to be there on a slow machine: Chromium with its processor slowed down four times, before a gateway of its own,
 * on loopback and over the network that Chromium calls Fast 3G.
 *
 *     npm run bench:pages -- [--rounds 5] [--write]
 *
 * It needs Chromium on the PATH. Figures are output, never assertions.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, CDPSession } from 'playwright-core';
import { launchBrowser } from '../../packages/server/test/control-ui/browser.ts';
import { startProgram } from '../../packages/server/test/harness/program.ts';
import { asMs, type Section, verdict } from '../bench.ts';
import { median } from '../percentile.ts';
import { machine, renderSection } from '../report.ts';
import { measuringScript, type Moments } from './moments.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } } });
const rounds = Number(values.rounds);
const report = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');
const marks = { begin: '<!-- pages: begin -->', end: '<!-- pages: end -->' } as const;
const slowdown = 4;
const limitMs = 1000;
const firstVisit = 'first visit';
const visits = [firstVisit, 'overview', 'runs', 'models', 'logs', 'doctor', 'chat', 'devices', 'keys', 'configuration'] as const;

/** As the presets of Chromium's own tools have it; what goes over the WebSocket is not slowed. */
const networks = {
  loopback: undefined,
  'Fast 3G': { offline: false, latency: 562.5, downloadThroughput: (1.6e6 * 0.9) / 8, uploadThroughput: (750e3 * 0.9) / 8 },
} as const;
type Network = keyof typeof networks;

const settings = {
  plain: { network: 'loopback', slowdown: 1 },
  slow: { network: 'loopback', slowdown },
  slowAndFar: { network: 'Fast 3G', slowdown },
} as const satisfies Record<string, Conditions>;

interface Visit extends Moments {
  /** Of the page's main thread, to a second after it was interactive. */
  readonly workedMs: number;
}

interface Conditions {
  readonly network: Network;
  /** How many times slower the processor is. */
  readonly slowdown: number;
}

async function impose(session: CDPSession, { network, slowdown }: Conditions): Promise<void> {
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  const conditions = networks[network];
  if (conditions === undefined) return;
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', conditions);
}

/** A browser that has never been there; then each page again, with what the browser has kept. */
async function visitAll(
  browser: Browser,
  gateway: { readonly url: string; readonly token: string },
  conditions: Conditions,
): Promise<Map<string, Visit>> {
  await using context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const found = new Map<string, Visit>();
  await context.addInitScript(measuringScript);
  for (const name of visits) {
    await using page = await context.newPage();
    const session = await context.newCDPSession(page);
    await impose(session, conditions);
    const fragment = name === firstVisit ? `/?token=${gateway.token}` : `/${name}`;
    await page.goto(`${gateway.url}/#${fragment}`);
    const moments = await page.evaluate<Moments>('globalThis.pageIsThere');
    const { metrics } = await session.send('Performance.getMetrics');
    const worked = metrics.find((metric) => metric.name === 'ThreadTime')?.value ?? Number.NaN;
    found.set(name, { ...moments, workedMs: worked * 1000 });
  }
  return found;
}

type Series = Map<string, Visit[]>;

/** By the name of the conditions, then of the page. */
async function measure(): Promise<Map<string, Series>> {
  await using program = await startProgram();
  const gateway = await program.ready();
  await using browser = await launchBrowser();
  const series = new Map<string, Series>(
    Object.keys(settings).map((name) => [name, new Map<string, Visit[]>(visits.map((each) => [each, []]))]),
  );
  // Once for what is slow the first time: the gateway reads the page from the disk, and the browser starts its processes.
  await visitAll(browser, gateway, settings.plain);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, conditions] of Object.entries(settings)) {
      for (const [page, visit] of await visitAll(browser, gateway, conditions)) series.get(name)?.get(page)?.push(visit);
    }
  }
  return series;
}

type Typical = (setting: keyof typeof settings, page: string, figure: keyof Visit) => number;

function sectionOf(typical: Typical): Section {
  const columnsOf: readonly (readonly [string, (page: string) => number])[] = [
    ['first content', (page) => typical('slow', page, 'paintedMs')],
    ['interactive', (page) => typical('slow', page, 'interactiveMs')],
    ['work × 4', (page) => typical('plain', page, 'workedMs') * slowdown],
    ['Fast 3G: first content', (page) => typical('slowAndFar', page, 'paintedMs')],
    ['interactive', (page) => typical('slowAndFar', page, 'interactiveMs')],
  ];
  const slowest = (figure: (page: string) => number): number => Math.max(...visits.map(figure));
  return {
    title: 'From the address to the page',
    method: [
      'To the first content, and to the page with its content from the gateway and nothing under way that would hold up a click. The first visit has an empty cache and makes its key; the others are whole loads too, by a browser that knows the page.',
      'Work is the time that the main thread of the page took of a processor that was not slowed down, which hardly depends on what else the machine does; the times do.',
      'Fast 3G is 1.4 Mbit/s and 563 ms for each request.',
    ].join(' '),
    columns: ['', ...columnsOf.map(([name]) => name)],
    rows: visits.map((page) => [page, ...columnsOf.map(([, figure]) => asMs(figure(page)))]),
    verdicts: [
      verdict(
        'every page interactive within one second',
        slowest((page) => typical('slow', page, 'interactiveMs')),
        { limit: limitMs, format: asMs },
      ),
      verdict(
        'the work of every page within one second',
        slowest((page) => typical('plain', page, 'workedMs') * slowdown),
        { limit: limitMs, format: asMs },
      ),
    ],
  };
}

const startedMs = performance.now();
const series = await measure();
const section = sectionOf((setting, page, figure) => median((series.get(setting)?.get(page) ?? []).map((visit) => visit[figure])));
const seconds = Math.round((performance.now() - startedMs) / 1000);
const head = `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run bench:pages\` in ${seconds} s, medians of ${rounds}, the processor of the page slowed down ${slowdown} times, on ${machine()}.\n`;
const text = [head, renderSection(section)].join('\n');
console.log(text);
if (values.write) {
  const old = readFileSync(report, 'utf8');
  const [from, to] = [old.indexOf(marks.begin), old.indexOf(marks.end)];
  if (from < 0 || to < from) throw new Error(`${report} has lost its markers`);
  writeFileSync(report, `${old.slice(0, from + marks.begin.length)}\n\n${text.trim()}\n\n${old.slice(to)}`);
}
