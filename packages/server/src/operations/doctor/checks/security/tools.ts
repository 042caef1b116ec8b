import type { Finding } from '../../contract.ts';
import { broken, warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** What agents may do without being asked. */
export const toolsCheck = examineSecurity({
  name: 'tools',
  title: 'what agents may do',
  judge({ agents, execImage, httpHosts, httpPrivateAddresses }) {
    const evidence = {
      agents: agents.map(({ name, exec, http }) => `${name} exec=${exec} http=${http}`).join(', '),
      execIn: execImage ?? 'no container',
    };
    const namesOf = (list: typeof agents): string => list.map(({ name }) => name).join(', ');
    const findings: Finding[] = [];
    const add = (judge: typeof warning, message: string, rest: { why: string; remedy: string }): void => {
      findings.push(judge(message, { ...rest, evidence }));
    };
    const free = agents.filter(({ exec }) => exec === 'allow');
    const asked = agents.filter(({ exec }) => exec === 'ask');
    if (free.length > 0 && execImage === undefined) {
      add(broken, `${namesOf(free)} may run any command as the gateway's user, unasked and without a container.`, {
        why: 'What a page, a mail or a file says to the model is enough to read every secret here.',
        remedy: 'openclaw config set tools.exec.image NAME, or put exec into agents.defaults.tools.ask.',
      });
    }
    if (asked.length > 0 && execImage === undefined) {
      add(warning, `Commands of ${namesOf(asked)} run as the gateway's user once somebody says yes.`, {
        why: 'One hasty yes is enough.',
        remedy: 'openclaw config set tools.exec.image NAME: then they run in a container.',
      });
    }
    const all = agents.filter(({ allowsAll }) => allowsAll);
    if (all.length > 0) {
      add(broken, `${namesOf(all)} may use every tool unasked, also those that come tomorrow.`, {
        why: 'A server of tools that is added later brings its own, and nobody is asked.',
        remedy: "Name the tools in place of '*' in tools.allow.",
      });
    }
    const sending = agents.filter(({ http }) => http === 'allow');
    if (sending.length > 0 && httpHosts.length === 0) {
      add(warning, `${namesOf(sending)} may send to every public address unasked.`, {
        why: 'What an agent has read can be sent anywhere by what it reads next.',
        remedy: 'Name the hosts in tools.http.hosts, or put http into tools.ask.',
      });
    }
    const wide = httpPrivateAddresses.filter((network) => /\/(?:\d|1[0-6])$/.test(network));
    if (wide.length > 0) {
      add(warning, `Agents may reach the private network ${wide.join(' ')}.`, {
        why: 'Services there may trust whoever reaches them, that of the cloud’s credentials for one.',
        remedy: 'Name single addresses in tools.http.privateAddresses.',
      });
    }
    return findings.length > 0 ? findings : [well('What could do harm asks first, is kept in a container, or is not there.', evidence)];
  },
});
