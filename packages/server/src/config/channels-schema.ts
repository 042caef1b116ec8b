/**
 * The part of the schema that is about channels: by which ways others speak to agents, and are told what came of it.
 * The rest, and what all of it is for, is in `schema.ts`.
 */
import { schema as s } from '@openclaw/protocol';

const channelName = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  expects: 'a word of at most 64 letters, digits, dots, dashes and underscores',
};
/** What nobody guesses: 24 bytes as the standard writes them, or a text as long as that. */
const signingSecret = {
  pattern: '^(?:whsec_[A-Za-z0-9+/]{32,512}={0,2}|(?!whsec_)[\\x21-\\x7e]{24,512})$',
  expects: "'whsec_' and at least 24 bytes in base64, or a text of at least 24 visible ASCII characters",
};
const fieldPath = {
  pattern: '^[^\\s.]+(\\.[^\\s.]+)*$',
  expects: "names of fields with dots between them, such as 'repository.full_name'",
};

const deliver = s.object(
  {
    url: s.string({
      description: 'Where to. Redirects are not followed.',
      pattern: '^https?://[^\\s/?#@]+(?:[/?][^\\s#]*)?$',
      expects: 'an http or https address without name, password and fragment',
    }),
    secrets: s.array(s.secret({ description: 'One secret.', ...signingSecret }), {
      description: 'What deliveries are signed with. Several while one is being replaced: then each delivery has the signatures of all.',
      minItems: 1,
    }),
    privateAddresses: s.array(s.string({ description: 'An address or a network.', minLength: 1 }), {
      description: 'Addresses that may be reached although they are not public: `10.0.0.5`, `10.0.0.0/8`.',
    }),
    timeoutMs: s.durationMs({ description: 'For one attempt, from the name to the answer.', default: 15_000, minimum: 1 }),
    attempts: s.integer({ description: 'After so many it is given up.', default: 30, minimum: 1, maximum: 100 }),
    maxAgeMs: s.durationMs({
      description: 'When it is older than this it is given up.',
      default: 86_400_000,
      minimum: 1000,
    }),
    baseDelayMs: s.durationMs({ description: 'Longest pause before the second attempt; it doubles with each.', default: 5000, minimum: 1 }),
    maxDelayMs: s.durationMs({ description: 'No pause is longer, unless the receiver asks for it.', default: 3_600_000, minimum: 1 }),
  },
  {
    description: 'Who is told when a run that came in here ends, or waits for somebody. Absent: nobody.',
    optional: true,
    required: ['url', 'secrets'],
  },
);

const webhook = s.object(
  {
    secrets: s.array(s.secret({ description: 'One secret.', ...signingSecret }), {
      description: 'What senders sign with. Several while one is being replaced: each of them is good.',
      minItems: 1,
    }),
    signature: s.choice(['standard', 'github'], {
      description: 'How they sign: as Standard Webhooks has it, or as GitHub does, which signs neither the time nor the id.',
      default: 'standard',
    }),
    toleranceMs: s.durationMs({
      description: 'How far the time in a signature may be from the time here.',
      default: 300_000,
      minimum: 1000,
    }),
    agent: s.string({ description: 'Who is asked.', default: 'main', minLength: 1 }),
    message: s.string({
      description: 'What to do with what comes in; it stands before it. Absent: what comes in is the message.',
      minLength: 1,
    }),
    inputField: s.string({ description: 'The field of the body that is told. Absent: the whole body.', ...fieldPath }),
    session: s.string({
      description: 'The conversation that all runs are part of. Absent: each has one of its own.',
      ...channelName,
    }),
    sessionField: s.string({
      description: 'The field of the body that says which conversation of this channel: one for each value.',
      ...fieldPath,
    }),
    deliver,
  },
  { description: 'One webhook: `POST /hooks/NAME`.', required: ['secrets'] },
);

export const channels = s.object(
  {
    webhook: s.object(
      {
        entries: s.record(webhook, { description: 'Webhooks by name, which is the last part of their path.', names: channelName }),
      },
      { description: 'Requests that somebody signs become runs, and signed requests tell what came of them.' },
    ),
  },
  {
    description: 'Ways by which others speak to agents.',
    later: ['telegram', 'slack', 'discord'],
  },
);
