import type { DoctorCheck } from '../contract.ts';
import { broken, gatewayState, problemIn, warning, well } from '../findings.ts';

/** Whether the credential that this machine would send is one that the gateway takes; told in the words of its errors. */
export const authCheck: DoctorCheck = {
  name: 'auth',
  title: 'the credential',
  examine(facts) {
    const { settings } = facts.configuration;
    const { authorized } = facts.gateway;
    if (settings?.authMode === 'none') return [well('There is no auth; only this machine may call.', { mode: 'none' })];
    const evidence = { mode: settings?.authMode ?? 'unknown', from: settings?.secretFrom ?? 'nowhere' };
    if (gatewayState(facts) === undefined) return [well('Not tried: no gateway answers.', evidence)];
    if (authorized.status !== undefined && authorized.status < 300)
      return [well('The gateway takes the credential of this configuration.', evidence)];
    const problem = problemIn(authorized);
    if (authorized.status === 401 || authorized.status === 403 || authorized.status === 429) {
      return [
        broken(problem?.message ?? `The gateway answered ${authorized.status}.`, {
          why: 'Commands on this machine and clients with the same credential are refused.',
          remedy: problem?.hint ?? 'Compare the token of the gateway with that of this shell: openclaw config get gateway.auth',
          evidence: { ...evidence, status: authorized.status },
        }),
      ];
    }
    return [
      warning('The credential could not be tried.', {
        why: problem?.message ?? (authorized.status === undefined ? authorized.reason : `The gateway answered ${authorized.status}.`),
        remedy: problem?.hint || 'Mend what the other checks found first.',
        evidence,
      }),
    ];
  },
};
