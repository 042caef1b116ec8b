/** The part of the schema that is about backups: where they go, who can read them, when the gateway makes them, how many stay. */
import { schema as s } from '@openclaw/protocol';

const kept = (what: string, preset: number) =>
  s.integer({ description: `Of so many of the last ${what} the newest stays.`, default: preset, minimum: 0, maximum: 10_000 });

export const backup = s.object(
  {
    to: s.string({
      description:
        'Where backups go: a directory, or `s3://bucket/prefix`; with the engine `restic` its repository. Absent: `backups` in the state directory.',
      minLength: 1,
    }),
    engine: s.choice(['archive', 'restic'], {
      description: 'One file for each backup, or a repository of restic, where only what is new takes room.',
      default: 'archive',
    }),
    recipients: s.array(s.string({ description: 'One recipient.', pattern: '^age1[a-z0-9]+$', expects: 'a recipient of age, age1…' }), {
      description: 'Who can read archives: recipients of age. Empty: whoever can read the file.',
    }),
    passwordFile: s.string({ description: 'The file with the password of the repository of restic.', minLength: 1 }),
    schedule: s.object(
      {
        every: s.durationMs({ description: 'How long after one the next is made.', minimum: 60_000 }),
        cron: s.string({
          description: 'When, as five fields of cron: minute, hour, day, month, weekday. One of `every` and `cron`.',
          pattern: '^\\S+( +\\S+){4}$',
          expects: 'five fields of cron',
        }),
        timeZone: s.string({ description: 'Of `cron`, as in Europe/Zurich.', default: 'UTC', minLength: 1 }),
      },
      { description: 'When the gateway makes a backup by itself. Absent: never.', optional: true },
    ),
    keep: s.object(
      { last: kept('backups', 3), daily: kept('days', 7), weekly: kept('weeks', 4) },
      { description: 'What stays after a backup by schedule; the rest of this state is deleted. The last good one always stays.' },
    ),
    s3: s.object(
      {
        endpoint: s.string({
          description: "Where the server is, such as `http://minio:9000`. Absent: AWS's own.",
          pattern: '^https?://[^\\s/?#]+/?$',
          expects: 'an http or https address without a path',
        }),
        region: s.string({ description: 'The region to sign for. Absent: AWS_REGION, else us-east-1.', minLength: 1 }),
        accessKeyId: s.string({ description: "Absent: AWS_ACCESS_KEY_ID, else what AWS's own tools would find.", minLength: 1 }),
        secretAccessKey: s.secret({ description: 'The secret that belongs to it.' }),
      },
      { description: 'For places that begin with `s3://`.' },
    ),
  },
  { description: 'Copies of the state.' },
);
