/** Cause: a secret is missing. */
import { quoteSetting } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

const named = /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?))\b/;

export const secretMissing = toldByItself({
  id: 'secret-missing',
  title: 'A secret is missing',
  why: 'The program starts without the key or password that a service asks for, and ends at the first refusal, or before it has asked.',
  signs: "`no API key`, `didn't provide`, 401 without a key; a variable with KEY, TOKEN or PASSWORD that is not set",
  mends: 'Bind the secret: a variable, a file in /run/secrets, a secret of the platform',
  pattern:
    /(?:didn't|did not|you must|not) provide[d]? (?:an? |the |any )?(?:api[ -]?key|credentials|token|password)|(?:no|missing|without|empty|undefined|requires?|required) (?:an? |the |any |valid )?(?:api[ _-]?key|credentials|auth(?:entication)? token|access token|bearer token|password|secret)\b|(?<!_)(?:api[ _-]?key|credentials|access token|password|secret) (?:is |are |was |were )?(?:missing|required|not (?:set|provided|found|configured|specified|given)|undefined|empty)|api_key client option must be set|unable to locate credentials|could not (?:find|load) (?:the )?(?:default )?credentials|no password supplied|superuser password is not specified/i,
  most: 95,
  weigh(evidence, { match, byPlatform }) {
    const { program, mounts } = evidence;
    if (byPlatform || /incorrect|invalid (?:api|user)|expired|revoked/i.test(match.input)) return undefined;
    const name = named.exec(match.input)?.[1];
    const bound = mounts.filter(({ target }) => target.startsWith('/run/secrets'));
    if (name === undefined) return { adds: 0 };
    return program.environmentNames.includes(name)
      ? { adds: -6, because: [quoteSetting(evidence, `${name} is in the environment, so it is empty or another one is meant`)] }
      : { adds: 1, because: [quoteSetting(evidence, `no ${name} in the environment, ${bound.length} secrets mounted`)] };
  },
  says: ({ match }) => `It has no ${named.exec(match.input)?.[1] ?? 'key'} to show.`,
  remedy({ match }, { platform }) {
    const name = named.exec(match.input)?.[1] ?? 'NAME';
    if (platform === 'kubernetes')
      return [`kubectl create secret generic keys --from-literal=${name}=…; then \`envFrom: [{ secretRef: { name: keys } }]\``];
    return [`put ${name}=… into .env (chmod 600) and \`env_file: .env\` into the service, then \`docker compose up -d\``];
  },
  disprovedBy: 'The variable is there and has a value: then the service refuses that value.',
});
