/** Cause: a provider refuses the key that it was given. That there is none at all is another cause. */
import { toldByItself } from '../told-by-itself.ts';

export const apiKeyInvalid = toldByItself({
  id: 'api-key-invalid',
  title: 'A provider refuses the API key',
  why: 'The key is mistyped, expired, withdrawn, or one of another provider or project, and the program ends when it is refused.',
  signs: '`invalid_api_key`, `Incorrect API key provided`, `invalid x-api-key`, `API key not valid`, `authentication_error`',
  mends: 'Make a new key, put it where the container reads it, and start it anew: a changed environment needs a new container.',
  pattern:
    /invalid_api_key|Incorrect API key|invalid x-api-key|API[ _]key (?:is )?(?:not valid|invalid|expired|revoked|disabled)|Invalid API[ _-]?key|API_KEY_INVALID|authentication_error|Invalid (?:Authentication|authorization|bearer token|user token|credentials)|InvalidClientTokenId|security token included in the request is (?:invalid|expired)|(?:AuthenticationError|PermissionDeniedError)\b.*(?:401|403|key)|Invalid username or password\..*(?:huggingface|hf_)/i,
  most: 94,
  says: () => 'A provider knows the key that it is given, and refuses it.',
  remedy(_found, { program, subject }) {
    const names = program.environmentNames.filter((name) => /KEY|TOKEN|SECRET/.test(name));
    return [
      `Make a new key at the provider and set it${names.length > 0 ? ` in ${names.join(', ')}` : ''}; look for a blank, a quote or a line end that was copied with it`,
      `Make the container anew, for \`docker restart ${subject.name}\` keeps the old environment: \`docker compose up -d --force-recreate\``,
    ];
  },
  disprovedBy: 'The same key is taken when it is sent by hand with `curl` to the same address.',
});
