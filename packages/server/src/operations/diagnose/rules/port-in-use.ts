/** Cause: its port is in use. */
import { runIn } from '../remedies.ts';
import { quoteSetting, saidListening } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

export const portInUse = toldByItself({
  id: 'port-in-use',
  title: 'Its port is in use',
  why: 'Another process listens on the port already, in the same network: a second instance, a sidecar, or the host itself with `network_mode: host`.',
  signs: '`EADDRINUSE`, `address already in use`, within seconds of the start',
  mends: 'Stop the other one, or give one of them another port',
  pattern: /EADDRINUSE|[Aa]ddress (?:is )?already in use|[Pp]ort \d+ (?:is|was) (?:already )?(?:in use|taken|allocated)/,
  most: 96,
  weigh(evidence, { byPlatform }) {
    // Docker itself could not publish it: that is another cause.
    if (byPlatform) return undefined;
    const life = evidence.lives.findLast(({ lines }) => lines.some(({ text }) => /EADDRINUSE|already in use/.test(text)));
    // It listened there itself before: then it is its own second process.
    const own = life !== undefined && saidListening(life).length > 0;
    const { mode } = evidence.network;
    const shares = mode === 'host' || mode.startsWith('container:');
    return { adds: own ? -20 : 0, because: shares ? [quoteSetting(evidence, `network mode ${mode}`)] : [] };
  },
  says({ match }, { network }) {
    const port = /:(\d{2,5})\b|\bport (\d{2,5})/i.exec(match.input);
    const where =
      network.mode === 'host' ? ' on the machine' : network.mode.startsWith('container:') ? ' in the network that it shares' : '';
    return `Port ${port?.[1] ?? port?.[2] ?? ''} is taken${where} when it starts.`.replace('  ', ' ');
  },
  remedy({ match }, evidence) {
    const { network } = evidence;
    const port = /:(\d{2,5})\b|\bport (\d{2,5})/i.exec(match.input);
    const number = port?.[1] ?? port?.[2] ?? 'PORT';
    const shared = /^container:(.+)/.exec(network.mode)?.[1];
    if (network.mode === 'host')
      return [`sudo ss -ltnp 'sport = :${number}'   # who listens there; stop it, or give one of the two another port`];
    if (shared !== undefined)
      return [
        `docker exec ${shared.slice(0, 12)} netstat -ltnp   # the container whose network it shares; stop one of the two, or give it another port`,
      ];
    return [
      `${runIn(evidence, 'netstat -ltnp')}   # in the moments that it runs: who of its own processes has port ${number}`,
      'let one process alone listen there; a start script must not start it twice',
    ];
  },
  disprovedBy: 'Nobody listens on the port while it is stopped.',
});
