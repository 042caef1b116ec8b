/**
 * The part of the schema that is about workloads: what runs them on this machine, and how long their readings are kept. What a single one is, is in its
 * object; see the server's `workloads/resources/`.
 */
import { schema as s } from '@openclaw/protocol';

const imageName = { pattern: '^[^\\s]+$', expects: 'the name of an image, with or without its tag' };
const secretName = { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', expects: 'a word of letters, digits, dots, dashes and underscores' };
const dayMs = 86_400_000;

export const workloads = s.object(
  {
    driver: s.choice(['auto', 'process', 'docker'], {
      description:
        'What runs workloads that leave it open (`driver: auto`). `auto`: a process where the image is mapped below, Docker where there is an image and a daemon, else a process.',
      default: 'auto',
    }),
    images: s.record(
      s.array(s.string({ description: 'A word of the command.' }), { description: 'The command, and its first arguments.', minItems: 1 }),
      {
        description:
          'Commands of this machine for images, so that a manifest that names an image runs as a process. Without a tag the name stands for all of them.',
        names: imageName,
      },
    ),
    docker: s.object(
      {
        socket: s.string({
          description: 'The socket of the Docker Engine. Without it: where `DOCKER_HOST` says (`unix://`), else `/var/run/docker.sock`.',
          optional: true,
        }),
        pull: s.choice(['never', 'missing'], {
          description:
            'What becomes of images that are not on this machine. `missing`: they are fetched, without credentials. `never`: the workload waits as `ImagePullBackOff`.',
          default: 'never',
        }),
      },
      { description: 'The engine that `driver: docker` uses. A change of the socket needs a restart.' },
    ),
    secrets: s.record(
      s.record(s.secret({ description: 'The value; treated as a secret.' }), {
        description: 'Its values by their keys.',
        names: secretName,
      }),
      {
        description:
          'Values for `secretKeyRef`, by the name of the secret: `{ database: { password: "${DB_PASSWORD}" } }`. Else they are read from `credentials/workloads/NAME/KEY` of the state directory.',
        names: secretName,
      },
    ),
    samplingIntervalMs: s.durationMs({ description: 'How often each instance is measured.', default: 5000, minimum: 1000 }),
    retention: s.object(
      {
        fineMs: s.durationMs({ description: 'Every reading.', default: dayMs, minimum: 60_000 }),
        minutesMs: s.durationMs({ description: 'The lowest and the highest of each minute.', default: 7 * dayMs, minimum: 60_000 }),
        tensMs: s.durationMs({ description: 'The lowest and the highest of each ten minutes.', default: 30 * dayMs, minimum: 60_000 }),
      },
      { description: 'How long readings are kept.' },
    ),
  },
  { description: 'Programs that OpenClaw keeps running under limits.' },
);
