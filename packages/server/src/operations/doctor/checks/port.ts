import type { DoctorCheck } from '../contract.ts';
import { broken, gatewayState, well, warning } from '../findings.ts';

/** Whether the port listens, and whether it is the gateway that does. */
export const portCheck: DoctorCheck = {
  name: 'port',
  title: 'the port',
  examine(facts) {
    const { listening, configuration } = facts;
    const { settings } = configuration;
    if (settings === undefined || listening === undefined) {
      return [well('Not looked at: the configuration does not load, or this system does not tell.')];
    }
    const { port, portFrom } = settings;
    const evidence = { port, from: portFrom, listening: listening.join(', ') || 'nothing' };
    if (gatewayState(facts) !== undefined) return [well(`The gateway answers at ${facts.gateway.url}.`, evidence)];
    if (listening.length === 0) {
      const message = `Nothing listens on port ${port}.`;
      if (facts.process.owner === undefined) return [well(`${message} It is free.`, evidence)];
      return [
        broken(message, {
          why: 'Probes and clients get "connection refused", whatever else is right.',
          remedy: 'Read the end of the log: openclaw logs',
          evidence,
        }),
      ];
    }
    const trouble = { why: 'The gateway cannot listen there.', evidence };
    const remedy = `See who it is: ss -ltnp | grep ${port}. Stop it, or choose another port: --port, OPENCLAW_GATEWAY_PORT or gateway.port.`;
    return [
      facts.process.owner === undefined
        ? broken(`Port ${port} is in use by something that is not a gateway.`, { ...trouble, remedy })
        : warning(`Port ${port} is open, and does not answer as a gateway does.`, { ...trouble, remedy }),
    ];
  },
};
