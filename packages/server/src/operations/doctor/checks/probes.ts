import type { DoctorCheck, Finding } from '../contract.ts';
import { broken, gatewayState, healthCheck, warning, well } from '../findings.ts';

/** What those see who judge the process from outside: each endpoint, and what makes it say no. */
export const probesCheck: DoctorCheck = {
  name: 'probes',
  title: 'what the probes see',
  examine(facts) {
    const { probes, url, health } = facts.gateway;
    const evidence = Object.fromEntries(Object.entries(probes).map(([path, answer]) => [path, answer.status ?? answer.reason]));
    const state = gatewayState(facts);
    if (state === undefined) {
      return [
        broken(`Nothing that is a gateway answers at ${url}.`, {
          why: 'A platform that probes it says STARTING, unhealthy or "connection refused".',
          remedy: 'Begin with the process and the port above.',
          evidence,
        }),
      ];
    }
    const findings: Finding[] = [];
    if (probes['/readyz']?.status !== 200) {
      findings.push(
        broken(`The gateway is not ready: ${state}.`, {
          why: 'A platform sends it no traffic. It does not restart it for that, unless it probes /readyz for liveness.',
          remedy: 'The checks below say why; /readyz names them.',
          evidence,
        }),
      );
    }
    for (const name of ['state', 'disk', 'inodes', 'eventLoop', 'background']) {
      const check = healthCheck(facts, name);
      if (check === undefined || check.state === 'ok') continue;
      const words = check.detail === '' ? `${name}: ${check.state}` : `${name}: ${check.detail}`;
      const trouble = { why: 'The gateway found it itself.', remedy: remedies[name] ?? '', evidence: { check: name, state: check.state } };
      findings.push(check.state === 'failed' ? broken(words, trouble) : warning(words, trouble));
    }
    if (findings.length > 0) return findings;
    return [well(`All of them pass: ${state}.`, { ...evidence, ...(health.status === undefined ? {} : { health: health.status }) })];
  },
};

const remedies: Readonly<Record<string, string>> = {
  state: 'Look at the state directory below, then restart the gateway: what was acknowledged is kept.',
  disk: 'Free space on the volume, or make it larger.',
  inodes: 'Remove small files from the volume, or make one with more inodes.',
  eventLoop: 'openclaw doctor traffic shows what keeps it busy; more processor time helps.',
  background: 'Read the log (openclaw logs), and restart the gateway.',
};
