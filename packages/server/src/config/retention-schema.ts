/** The part of the schema that is about how long things are kept, and where they go then. */
import { schema as s } from '@openclaw/protocol';

const dayMs = 86_400_000;

const kept = (description: string, days: number) => s.durationMs({ description: `${description} 0: for ever.`, default: days * dayMs });

export const retention = s.object(
  {
    logsMs: kept('Closed log files; `logging.maxFiles` may take them earlier.', 30),
    deltasMs: s.durationMs({
      description: 'Streamed text of runs that have finished, whose results stay.',
      default: dayMs,
      minimum: 60_000,
    }),
    runsMs: s.durationMs({
      description: 'Runs that have ended, with what was said in them.',
      default: 30 * dayMs,
      minimum: 60_000,
    }),
    sessionsMs: kept('Conversations that nobody has gone on with for so long.', 90),
    auditMs: kept('Entries of the audit log; of more than 100,000 the oldest go in any case.', 730),
    usageMs: s.durationMs({
      description: 'What each request used and cost. Less than 32 days counts as 32: limits of keys by the month need a month of it.',
      default: 400 * dayMs,
    }),
    responsesMs: s.durationMs({
      description: 'Stored responses that were not gone on from for so long; it holds for those that are stored from then on.',
      default: 30 * dayMs,
      minimum: 60_000,
    }),
    backupsMs: kept('Backups of this state in `backup.to`; the newest good one always stays.', 90),
    cold: s.object(
      {
        to: s.string({
          description:
            'Where runs and closed log files go as compressed files: a directory, or `s3://bucket/prefix` with the settings of `backup.s3`. Absent: nowhere, they are deleted.',
          minLength: 1,
        }),
        keepMs: kept('How long they stay there.', 365),
      },
      { description: 'Where runs and logs go when their time is over.' },
    ),
  },
  { description: 'How long things are kept.' },
);
