import type { Finding } from '../../contract.ts';
import { broken, warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** Whether the token or the password can be guessed, or read where it stands. */
export const credentialCheck = examineSecurity({
  name: 'credential',
  title: 'the token or password',
  judge({ authMode, weakness, isSecretPlain, isLoopback }) {
    const evidence = { auth: authMode };
    const kind = authMode === 'password' ? 'password' : 'token';
    const findings: Finding[] = [];
    if (weakness !== undefined) {
      findings.push(
        (isLoopback ? warning : broken)(`The ${kind} ${weakness}.`, {
          why: isLoopback
            ? 'Another user of this machine can guess it.'
            : 'Whoever guesses it may do everything; guesses from many addresses are slowed for each alone.',
          remedy: 'openssl rand -base64 32 makes one; or take gateway.auth.token out, and the gateway makes its own.',
          evidence,
        }),
      );
    }
    if (isSecretPlain) {
      findings.push(
        warning(`The ${kind} stands as text in the configuration.`, {
          why: 'It goes wherever the file goes: backups, tickets, repositories.',
          remedy: `Put it into a file (0600): gateway.auth.${kind}: { $secret: { file: 'PATH' } }; docs/secrets.md`,
          evidence,
        }),
      );
    }
    return findings.length > 0 ? findings : [well('Nobody guesses it, and it does not stand in the configuration.', evidence)];
  },
});
