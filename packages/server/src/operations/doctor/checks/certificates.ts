import type { DoctorCheck, Finding } from '../contract.ts';
import type { CertificateFacts, Facts, HostFacts } from '../facts.ts';
import { broken, warning, well } from '../findings.ts';

const dayMs = 86_400_000;
const soonDays = 21;

/** Whether certificates hold: the one that the port is served with, and those that providers show. */
export const certificatesCheck: DoctorCheck = {
  name: 'certificates',
  title: 'certificates',
  examine({ certificate, network, atMs }) {
    const shown = network.hosts.filter(({ certificate: one }) => one !== undefined);
    const findings = [...(certificate ? ofGateway(certificate, atMs) : []), ...shown.flatMap((host) => ofProvider(host, atMs))];
    if (findings.length > 0) return findings;
    const own = certificate === undefined ? 'The port is served without one' : `That of the port holds until ${day(certificate.validToMs)}`;
    return [well(shown.length === 0 ? `${own}.` : `${own}; ${shown.length} of providers are good.`)];
  },
};

function ofGateway({ file, isOwn, problem, validFromMs = 0, validToMs = 0 }: CertificateFacts, atMs: number): Finding[] {
  if (problem !== undefined) {
    // It is made at the first start.
    if (isOwn) return [];
    return [
      broken(`The certificate of the port cannot be read: ${problem}.`, {
        why: 'The gateway does not start without it.',
        remedy: 'Check gateway.tls.certFile and who may read it.',
        evidence: { file },
      }),
    ];
  }
  const evidence = { file, from: day(validFromMs), until: day(validToMs) };
  if (atMs >= validFromMs && validToMs - atMs >= soonDays * dayMs) return [];
  // A gateway that runs renews its own a month before its end, with the next start or look.
  const remedy = isOwn
    ? 'Restart the gateway: it makes itself another one.'
    : 'Renew it and write it over the file; it is taken up within a minute.';
  if (atMs < validFromMs) {
    return [
      broken(`The certificate of the port holds only from ${day(validFromMs)} on.`, {
        why: 'Clients refuse it; perhaps the clock here is wrong.',
        remedy,
        evidence,
      }),
    ];
  }
  const isOver = validToMs <= atMs;
  const message = `The certificate of the port ${isOver ? 'has ended' : 'ends'} on ${day(validToMs)}.`;
  return [(isOver ? broken : warning)(message, { why: 'From then on clients and browsers refuse to connect.', remedy, evidence })];
}

function ofProvider({ host, provider, certificate = {} }: HostFacts, atMs: Facts['atMs']): Finding[] {
  const { problem, issuer = 'nobody named', validToMs } = certificate;
  const evidence = { issuer, ...(validToMs === undefined || Number.isNaN(validToMs) ? {} : { until: day(validToMs) }) };
  if (problem === undefined) {
    if (validToMs === undefined || validToMs - atMs > 3 * dayMs) return [];
    const why = 'Requests to it fail from then on, unless it is renewed there in time.';
    return [warning(`The certificate of ${host} ends on ${day(validToMs)}.`, { why, remedy: 'Tell whoever runs it.', evidence })];
  }
  const isTrust = /SELF_SIGNED|UNABLE_TO|UNTRUSTED|ISSUER|CERT_|ERR_TLS|HOSTNAME|EXPIRED|NOT_YET/i.test(problem);
  return [
    broken(`${host} (${provider}) ${isTrust ? 'shows a certificate that is not trusted' : 'cannot be reached over TLS'}: ${problem}.`, {
      why: `No request can reach ${provider}.`,
      remedy: isTrust
        ? 'Where a proxy of yours opens TLS, give its certificate to the gateway: NODE_EXTRA_CA_CERTS=/path/ca.pem. Else somebody is in between, or the clock here is wrong.'
        : 'Check from here: curl -v to the same address; a firewall, or a proxy that is the only way out, looks like this.',
      evidence,
    }),
  ];
}

function day(ms: number | undefined): string {
  return ms === undefined || Number.isNaN(ms) ? 'unknown' : new Date(ms).toISOString().slice(0, 10);
}
