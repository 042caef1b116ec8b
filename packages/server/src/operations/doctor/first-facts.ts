/** The five facts that have to be known before a deployment is changed: where the state is, whether it lasts, the token, the bind, and what healthy means. */
import type { FirstFact } from './contract.ts';
import type { Facts } from './facts.ts';
import { gatewayState } from './findings.ts';
import { judgeSurvival } from './survival.ts';

export function firstFacts(facts: Facts): readonly FirstFact[] {
  const { state, configuration } = facts;
  const survival = judgeSurvival(facts);
  const settings = configuration.settings;
  return [
    { name: 'stateDirectory', title: 'state directory', value: stateWords(state), severity: 'ok' },
    { name: 'survives', title: 'does it survive', value: survival.words, severity: survival.severity },
    settings === undefined
      ? { name: 'token', title: 'token from', value: 'not known: the configuration does not load', severity: 'warn' }
      : {
          name: 'token',
          title: `${settings.authMode === 'password' ? 'password' : 'token'} from`,
          value: secretWords(settings),
          severity: 'ok',
        },
    settings === undefined
      ? { name: 'bind', title: 'listens on', value: 'not known: the configuration does not load', severity: 'warn' }
      : { name: 'bind', title: 'listens on', value: bindWords(settings), severity: 'ok' },
    { name: 'healthy', title: 'healthy means', value: healthWords(facts), severity: 'ok' },
  ];
}

function stateWords({ path, from, exists, identity }: Facts['state']): string {
  const since = identity === undefined ? '' : `, state ${identity.id.slice(0, 8)} since ${identity.createdAt.slice(0, 10)}`;
  return `${path} (${from}${exists ? since : ', not made yet'})`;
}

type Settings = NonNullable<Facts['configuration']['settings']>;

function secretWords({ authMode, secretFrom }: Settings): string {
  if (authMode === 'none') return 'none: everybody on this machine may call';
  if (authMode === 'trusted-proxy') return 'the proxy in front, which says who calls';
  return secretFrom ?? 'the first start will make one, kept in the state directory';
}

function bindWords({ host, port, bind, bindFrom }: Settings): string {
  const reach =
    bind === 'loopback' ? 'this machine (in a container: the container) alone; probes from outside are refused' : 'reachable from outside';
  return `${host}:${port} (${bind}, ${bindFrom}): ${reach}`;
}

function healthWords(facts: Facts): string {
  const { url, probes } = facts.gateway;
  const ready = probes['/readyz'];
  const now = ready?.status === undefined ? 'now nothing answers' : `now ${ready.status} (${gatewayState(facts) ?? 'not a gateway'})`;
  return `GET ${url}/readyz is 200, ${now}; start-up probe /startupz, liveness /healthz`;
}
