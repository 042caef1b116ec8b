import type { Finding } from '../../contract.ts';
import { warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** Which pages may open a connection from a browser, and under which names the gateway answers one. */
export const browsersCheck = examineSecurity({
  name: 'browsers',
  title: 'pages in browsers',
  judge({ allowedOrigins, allowedHosts, isLoopback }) {
    const evidence = { origins: allowedOrigins.join(' ') || 'its own', hosts: allowedHosts.join(' ') || 'its own' };
    const findings: Finding[] = [];
    const plain = allowedOrigins.filter((origin) => /^http:\/\/(?!localhost|127\.|\[::1\])/.test(origin));
    if (plain.length > 0) {
      findings.push(
        warning(`A page that came without TLS may connect: ${plain.join(' ')}.`, {
          why: 'Whoever is between that page and its reader can put a script into it, which then speaks as the reader.',
          remedy: 'Serve the page over https, and change gateway.controlUi.allowedOrigins.',
          evidence,
        }),
      );
    }
    if (allowedOrigins.length > 8) {
      findings.push(
        warning(`${allowedOrigins.length} origins may connect from a browser.`, {
          why: 'A fault in any of those pages is a way in here.',
          remedy: 'Take those that nobody uses out of gateway.controlUi.allowedOrigins.',
          evidence,
        }),
      );
    }
    if (isLoopback && allowedHosts.length > 0) {
      findings.push(
        warning(`It answers browsers under ${allowedHosts.join(' ')}, and listens on loopback alone.`, {
          why: 'Such a name can be pointed here by whoever owns it (DNS rebinding); it is of use behind a proxy alone.',
          remedy: 'Where there is no proxy, take it out of gateway.controlUi.allowedHosts.',
          evidence,
        }),
      );
    }
    return findings.length > 0 ? findings : [well('Only pages of the gateway and those that are named may connect.', evidence)];
  },
});
