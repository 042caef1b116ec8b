import { isLoopback } from '../../../config/index.ts';
import type { DoctorCheck } from '../contract.ts';
import { warning, well } from '../findings.ts';

/** Whether those who should reach the port can. */
export const bindCheck: DoctorCheck = {
  name: 'bind',
  title: 'the bind',
  examine({ configuration, process, listening }) {
    const { settings } = configuration;
    if (settings === undefined) return [well('Not looked at: the configuration does not load.')];
    const { bind, bindFrom, host } = settings;
    const evidence = { bind, from: bindFrom, host };
    if (process.container !== undefined && isLoopback(host)) {
      return [
        warning('It listens on loopback inside of a container.', {
          why: 'Probes of the platform and published ports come from outside of the container and get "connection refused".',
          remedy: "Set a token (OPENCLAW_GATEWAY_TOKEN) and gateway.bind: 'lan' (OPENCLAW_GATEWAY_BIND=lan).",
          evidence: { ...evidence, container: process.container },
        }),
      ];
    }
    if (!isLoopback(host) && listening !== undefined && listening.length > 0 && listening.every(isLoopback)) {
      return [
        warning(`The configuration says ${bind}, and only loopback listens.`, {
          why: 'The setting holds after a restart, or the gateway runs with another one.',
          remedy: 'Restart the gateway.',
          evidence: { ...evidence, listening: listening.join(', ') },
        }),
      ];
    }
    return [well(`It listens on ${host}.`, evidence)];
  },
};
