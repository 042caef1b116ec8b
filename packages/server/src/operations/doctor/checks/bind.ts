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
    // What listens is what holds; flags of a start are not known here.
    const open = listening !== undefined && listening.length > 0 ? listening : [host];
    const evidence = { bind, from: bindFrom, host, listening: open.join(', ') };
    if (process.container !== undefined && open.every(isLoopback)) {
      return [
        warning('It listens on loopback inside of a container.', {
          why: 'Probes of the platform and published ports come from outside of the container and get "connection refused".',
          remedy: "Set a token (OPENCLAW_GATEWAY_TOKEN) and gateway.bind: 'lan' (OPENCLAW_GATEWAY_BIND=lan).",
          evidence: { ...evidence, container: process.container },
        }),
      ];
    }
    if (!isLoopback(host) && open.every(isLoopback)) {
      return [
        warning(`The configuration says ${bind}, and only loopback listens.`, {
          why: 'The setting holds after a restart, or the gateway runs with another one.',
          remedy: 'Restart the gateway.',
          evidence,
        }),
      ];
    }
    return [well(`It listens on ${open.join(' and ')}.`, evidence)];
  },
};
