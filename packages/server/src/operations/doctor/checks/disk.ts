import type { DoctorCheck, Finding } from '../contract.ts';
import { broken, warning, well } from '../findings.ts';

/** Acknowledged writes wait for the disk: each takes at least as long as one of these. */
const slowMs = 50;
const verySlowMs = 500;
const busyPercent = 20;

/** How long the disk of the state directory lets one wait, and how busy it is. */
export const diskCheck: DoctorCheck = {
  name: 'disk',
  title: 'the disk',
  examine({ disk: { sync, pressure } }) {
    const evidence = {
      ...(sync === undefined ? {} : { syncMedianMs: rounded(sync.medianMs), syncSlowestMs: rounded(sync.slowestMs) }),
      ...(pressure === undefined
        ? {}
        : { waitingPercent: rounded(pressure.somePercent), allWaitingPercent: rounded(pressure.fullPercent) }),
    };
    const findings: Finding[] = [];
    if (sync !== undefined && sync.medianMs >= slowMs) {
      const judge = sync.medianMs >= verySlowMs ? broken : warning;
      findings.push(
        judge(`A small write waits ${rounded(sync.medianMs)} ms for the disk.`, {
          why: 'Nothing is acknowledged before it is on the disk, so every request that writes waits as long.',
          remedy: 'Put the state directory on a faster disk, or one that others do not share: network volumes are slow at this.',
          evidence,
        }),
      );
    }
    if (pressure !== undefined && pressure.fullPercent >= busyPercent) {
      findings.push(
        warning(`In ${rounded(pressure.fullPercent)} % of the last minute all work waited for the disk.`, {
          why: 'Writes come in bursts that others make; timeouts and health checks go by them.',
          remedy: 'Find who writes (iotop, pidstat -d), and give them another disk or another hour.',
          evidence,
        }),
      );
    }
    if (findings.length > 0) return findings;
    return [well(sync === undefined ? 'Not measured: nothing can be written there.' : 'Small writes reach it soon.', evidence)];
  },
};

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
