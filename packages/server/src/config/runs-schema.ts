/** The part of the schema that is about runs themselves, whoever carries them out. What agents may do is in `agents-schema.ts`. */
import { schema as s } from '@openclaw/protocol';

export const runs = s.object(
  {
    resultBytes: s.bytes({
      description:
        "Largest result of a step of a program's own, as JSON; what is above 64 KiB becomes a file in the state directory. A request may be no larger than `gateway.limits.bodyBytes` either.",
      default: 16 * 2 ** 20,
      minimum: 1024,
    }),
  },
  { description: 'What is kept of runs.' },
);
