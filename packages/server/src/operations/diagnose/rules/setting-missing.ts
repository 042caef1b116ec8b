/** Cause: a required setting is missing. */
import { quoteSetting } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

const secretLike = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL/;
const named = /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PORT|HOST)\b|\bset ([\w.]+)=/;

export const settingMissing = toldByItself({
  id: 'setting-missing',
  title: 'A required setting is missing',
  why: 'The program needs a setting that nobody has given it, and says so before it ends. Starting it again changes nothing.',
  signs: '`must be set`, `is required`, `not set`, with the name of a variable that is not in the environment',
  mends: 'Set it in `environment:`, `--env` or the secret, and make the container anew',
  pattern:
    /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\b["'`]?:?(?: environment variable| variable| setting| env var)? (?:must be (?:set|provided|defined|specified)|is (?:required|not set|missing|undefined|unset|empty|not defined)|was not (?:set|provided)|not (?:set|provided|defined|found|specified)|needs to be set|parameter (?:not set|null)|unbound variable)|: (?:parameter (?:not set|null or not set)|unbound variable)|(?:[Mm]issing|[Rr]equired?s?|[Nn]o|[Uu]nset|[Uu]ndefined|[Nn]eeds?)(?: (?:the|a|required|mandatory|following))*(?: \w+)? (?:environment |env )(?:variable|var|setting)|(?:environment|env) var(?:iable)?s? .*(?:not (?:set|found|defined)|missing|required)|KeyError: '[A-Z][A-Z0-9_]+'|[Mm]issing required (?:setting|option|configuration|config|argument|value)|[Mm]issing config\b|^\s*Field required\b|Could not resolve placeholder|(?:blocked|refused|aborted)\b.*\bset [\w.]+=|\(current(?:ly)?(?: value)?: (?:unset|undefined|null|none|empty)\)/,
  most: 94,
  weigh(evidence, { match, byPlatform }) {
    if (byPlatform) return undefined;
    const name = nameIn(match.input);
    if (name === undefined) return { adds: -6 };
    const isThere = evidence.program.environmentNames.includes(name);
    return {
      adds: isThere ? -8 : 2,
      because: [
        quoteSetting(evidence, isThere ? `${name} is in the environment: empty, or not what it wants` : `no ${name} in the environment`),
      ],
    };
  },
  says: ({ match }) => `It wants ${nameIn(match.input) ?? 'a setting'} and does not get it.`,
  remedy({ match }, { platform }) {
    const name = nameIn(match.input) ?? 'NAME';
    if (platform === 'systemd')
      return [`sudo systemctl edit UNIT   # [Service] Environment=${name}=VALUE, or EnvironmentFile= for a secret`];
    if (secretLike.test(name))
      return platform === 'kubernetes'
        ? [`kubectl create secret generic keys --from-literal=${name}=VALUE; then \`envFrom: [{ secretRef: { name: keys } }]\``]
        : [`put ${name}=VALUE into .env (chmod 600) and \`env_file: .env\` into the service, then \`docker compose up -d\``];
    return platform === 'kubernetes'
      ? [`kubectl set env DEPLOYMENT ${name}=VALUE`]
      : [
          `add ${name}=VALUE to \`environment:\` (or --env ${name}=VALUE) and make the container anew: \`docker compose up -d\`; a restart alone does not read it`,
          'docker compose config   # shows what compose makes of .env',
        ];
  },
  disprovedBy: 'The name is in the environment of the container with a value, and the message stays.',
});

function nameIn(text: string): string | undefined {
  const found = named.exec(text);
  return found?.[1] ?? found?.[2];
}
