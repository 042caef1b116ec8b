import type { DoctorCheck, Finding } from '../contract.ts';
import { broken, gatewayState, healthCheck, warning, well } from '../findings.ts';

/** Whether the file loads, and whether it is what the running gateway goes by. */
export const configurationCheck: DoctorCheck = {
  name: 'configuration',
  title: 'the configuration',
  examine(facts) {
    const { file, exists, problems } = facts.configuration;
    const state = gatewayState(facts);
    const evidence = { file, exists, ...(state === undefined ? {} : { gateway: state }) };
    const inForce = healthCheck(facts, 'configuration');
    const findings: Finding[] = problems.map(({ code, message, hint }) =>
      broken(message, {
        why: code === 'bind_without_auth' ? 'A start with it is refused, with exit code 78.' : consequence(state, inForce?.state),
        remedy: hint || 'openclaw config validate shows the place.',
        evidence: { ...evidence, code },
      }),
    );
    if (findings.length === 0 && inForce !== undefined && inForce.state !== 'ok') {
      findings.push(
        warning(`The gateway goes by something else: ${inForce.detail || inForce.state}.`, {
          why: 'What the file says now does not hold.',
          remedy: 'openclaw config history shows the versions; openclaw config validate looks at the file.',
          evidence,
        }),
      );
    }
    if (findings.length > 0) return findings;
    return [
      well(exists ? `${file} loads.` : `There is no ${file}; defaults and variables hold.`, {
        ...evidence,
        ...(inForce?.detail ? { detail: inForce.detail } : {}),
      }),
    ];
  },
};

function consequence(state: string | undefined, inForce: string | undefined): string {
  if (state === 'rescue') return 'The gateway runs in rescue mode and serves nothing until this is mended.';
  if (inForce === 'degraded') return 'The gateway goes on with an earlier version.';
  return state === undefined ? 'A start falls back on the last good version, or goes into rescue mode.' : 'It will not be taken up.';
}
