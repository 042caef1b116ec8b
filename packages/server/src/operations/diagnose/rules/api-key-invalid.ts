/** Cause: a provider or a database refuses the key or password that it was given. That there is none at all is another cause. */
import { toldByItself } from '../told-by-itself.ts';

export const apiKeyInvalid = toldByItself({
  id: 'api-key-invalid',
  title: 'A key or password is refused',
  why: 'The key is mistyped, expired, withdrawn, or one of another provider or project, and the program ends when it is refused.',
  signs:
    '`password authentication failed`, `invalid_api_key`, `Incorrect API key provided`, `invalid x-api-key`, `API key not valid`, `authentication_error`',
  mends: 'Make a new key, put it where the container reads it, and start it anew: a changed environment needs a new container.',
  pattern:
    /invalid_api_key|Incorrect API key|invalid x-api-key|API[ _]key (?:is )?(?:not valid|invalid|expired|revoked|disabled)|Invalid API[ _-]?key|API_KEY_INVALID|authentication_error|Invalid (?:Authentication|authorization|bearer token|user token|credentials)|InvalidClientTokenId|security token included in the request is (?:invalid|expired)|(?:AuthenticationError|PermissionDeniedError)\b.*(?:401|403|key)|Invalid username or password|password authentication failed|Access denied for user|WRONGPASS|NOAUTH|\b401\b(?: Client Error)?:? (?:Unauthorized|Forbidden)|\b403\b(?: Client Error)?:? Forbidden|Login failed for user|bad auth(?:entication)?\b/i,
  most: 94,
  // Nothing was shown: that is a secret that is missing.
  weigh: (_evidence, { match }) =>
    /(?:didn't|did not|not) provide|\b(?:missing|no|without) (?:an? )?(?:api|bearer|auth|key)/i.test(match.input) ? undefined : { adds: 0 },
  says: ({ match }) =>
    /password|user|WRONGPASS|NOAUTH|login/i.test(match[0])
      ? 'A database or another service refuses the name and password that it is given.'
      : 'A provider knows the key that it is given, and refuses it.',
  remedy(_found, { program, subject }) {
    const names = program.environmentNames.filter((name) => /KEY|TOKEN|SECRET/.test(name));
    return [
      `Make a new key or password where it is refused and set it${names.length > 0 ? ` in ${names.join(', ')}` : ''}; look for a blank, a quote or a line end that was copied with it`,
      `Make the container anew, for \`docker restart ${subject.name}\` keeps the old environment: \`docker compose up -d --force-recreate\``,
    ];
  },
  disprovedBy: 'The same key is taken when it is sent by hand with `curl` to the same address.',
});
