/** Cause: a certificate is not believed: too old, too new, of an unknown authority, or the clock is wrong. */
import { toldByItself } from '../told-by-itself.ts';

const time = /NOT_YET_VALID|not yet valid|HAS_EXPIRED|has expired/i;

export const tlsOrClock = toldByItself({
  id: 'tls-or-clock',
  title: 'A certificate is not believed',
  why: 'The certificate of a service is out of its time, or the clock of this machine is; or it was signed by an authority that the image does not know, such as that of a company proxy.',
  signs: '`CERT_HAS_EXPIRED`, `CERT_NOT_YET_VALID`, `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, `self-signed certificate`, `x509: …`',
  mends: 'Set the clock, renew the certificate, or give the image the authority (`NODE_EXTRA_CA_CERTS`).',
  pattern:
    /CERT_NOT_YET_VALID|CERT_HAS_EXPIRED|certificate (?:has expired|is not yet valid)|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT\w*|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT\w*|self[- ]signed certificate|ERR_TLS_CERT_ALTNAME_INVALID|CERTIFICATE_VERIFY_FAILED|unable to get local issuer certificate|x509: (?:certificate|cannot)|tls: failed to verify certificate/i,
  most: 93,
  says: ({ match }) =>
    time.test(match[0])
      ? 'A certificate is out of its time, or the clock of the machine is wrong.'
      : /ALTNAME/.test(match[0])
        ? 'A certificate is for another name than the one that was asked for.'
        : 'A certificate was signed by somebody whom this image does not know.',
  remedy: ({ match }) =>
    time.test(match[0])
      ? [
          '`date -u` on the machine: a wrong clock is set with `timedatectl set-ntp true`',
          'Else renew the certificate of the service that the line names',
        ]
      : [
          'Mount the certificate of your authority and name it: `NODE_EXTRA_CA_CERTS=/etc/ssl/company.pem`, for Python `SSL_CERT_FILE`',
          'Install the package `ca-certificates` in the image where there are none; never turn verification off',
        ],
  disprovedBy: '`openssl s_client -connect HOST:443 </dev/null` in the same image verifies the certificate.',
});
