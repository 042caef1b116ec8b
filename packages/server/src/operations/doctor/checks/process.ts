import type { DoctorCheck } from '../contract.ts';
import type { Facts } from '../facts.ts';
import { broken, gatewayState, warning, well } from '../findings.ts';

/** Whether a gateway runs at all, and whether it keeps being refused. */
export const processCheck: DoctorCheck = {
  name: 'process',
  title: 'the process',
  examine(facts) {
    const { owner, refusals } = facts.process;
    const state = gatewayState(facts);
    const evidence = { ...(owner ? { pid: owner.pid, host: owner.host, since: owner.startedAt } : {}), ...refused(refusals) };
    if (state === 'held') return [heldUp(facts)];
    if (owner === undefined && state === undefined) {
      return [
        broken('No gateway runs on this state directory.', {
          why:
            refusals.length > 0
              ? `It was refused at its last ${refusals.length} starts: ${refusals.join(', ')}.`
              : 'Nothing can be served without it.',
          remedy: 'Start it, and read what it says: openclaw gateway run',
          evidence,
        }),
      ];
    }
    if (state === 'starting') {
      return [
        warning('The gateway is starting.', {
          why: 'It is alive and not ready.',
          remedy: 'Wait a moment; /readyz says what it waits for.',
          evidence,
        }),
      ];
    }
    return [
      well(owner ? `A gateway runs as process ${owner.pid}.` : 'A gateway answers; its process is not on this state directory.', evidence),
    ];
  },
};

function heldUp({ gateway, process }: Facts): ReturnType<typeof broken> {
  const ready = gateway.probes['/readyz'];
  const body = ready?.status === undefined ? {} : ready.body;
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  return broken(`The gateway is held: ${text('reason')}`, {
    why: 'Its start was refused three times within ten minutes, so it waits instead of being restarted for ever.',
    remedy: `${text('hint')} Then restart it.`.trim(),
    evidence: { code: text('code'), ...refused(process.refusals) },
  });
}

function refused(refusals: readonly string[]): Record<string, string> {
  return refusals.length === 0 ? {} : { refusedStarts: refusals.join(', ') };
}
