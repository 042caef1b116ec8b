import { describeDriver } from '../driver.suite.ts';
import { createProcessPlace } from './process-place.fixture.ts';

const spool = { segmentBytes: 2 ** 20, segments: 5 };
/** Of both streams, and the notes of their times. */
const outputBytes = 12 * 2 ** 20;

if (process.platform === 'linux') {
  if (process.geteuid?.() === 0)
    describeDriver({
      name: 'process, limits held by the kernel',
      outputBytes,
      create: async () => createProcessPlace({ spool }, 'kernel'),
    });
  describeDriver({
    name: 'process, limits held by the watchdog',
    outputBytes,
    create: async () => createProcessPlace({ spool, usesControlGroups: false, lookMs: 200 }, 'watchdog'),
  });
}
