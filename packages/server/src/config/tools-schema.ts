/**
 * The parts of the schema that are about tools: what the built-in ones may reach, and which servers bring others. Who may use them is in
 * `agents-schema.ts`.
 */
import { schema as s } from '@openclaw/protocol';

const host = s.string({ description: 'A name, or several with a star in front: `*.example.com`.', minLength: 1 });

export const tools = s.object(
  {
    exec: s.object(
      {
        image: s.string({
          description:
            'Container image that commands run in, where Docker answers. Absent: they run as children of the gateway, with its rights.',
          minLength: 1,
        }),
      },
      { description: 'Commands in a shell.' },
    ),
    http: s.object(
      {
        hosts: s.array(host, { description: 'Hosts that may be asked. Empty: every public one.', default: [] }),
        privateAddresses: s.array(s.string({ description: 'An address or a network.', minLength: 1 }), {
          description: 'Addresses that may be reached although they are not public: `10.0.0.5`, `10.0.0.0/8`.',
          default: [],
        }),
        keyedHosts: s.array(host, {
          description: 'Hosts that heed `Idempotency-Key`: a request to them may be made again after a crash.',
          default: [],
        }),
      },
      { description: 'Requests over HTTP.' },
    ),
  },
  { description: 'What the tools that come with OpenClaw may reach.' },
);

/** Of a variable, a header, a tool. */
const anyName = { pattern: '^[!-~]+$', expects: 'a name of visible ASCII characters without spaces' };

const server = s.object(
  {
    command: s.string({ description: 'A program that speaks over its input and output. One of `command` and `url`.', minLength: 1 }),
    args: s.array(s.string({ description: 'One argument.' }), { description: 'Its arguments.', default: [] }),
    env: s.record(s.secret({ description: 'The value; treated as a secret.' }), {
      description: 'All that the program gets beside PATH, HOME and LANG.',
      names: anyName,
    }),
    url: s.string({
      description: 'A server that is there already, over streamable HTTP.',
      pattern: '^https?://\\S+$',
      expects: 'an http or https address',
    }),
    headers: s.record(s.secret({ description: 'The value; treated as a secret.' }), {
      description: 'Sent with every request to `url`.',
      names: anyName,
    }),
    effects: s.record(s.choice(['read', 'idempotent', 'once'], { description: 'What may happen if the tool is called twice.' }), {
      description: "By the server's own names of its tools. Overrides what the server says of itself; what nobody says is `once`.",
      names: anyName,
    }),
    timeoutMs: s.durationMs({ description: 'Of one call.', default: 60_000, minimum: 1 }),
  },
  { description: 'One server.' },
);

export const mcp = s.object(
  {
    servers: s.record(server, {
      description: 'Servers by their names, which become the first part of the names of their tools: `NAME__tool`.',
      names: { pattern: '^[A-Za-z0-9][A-Za-z0-9-]*$', expects: 'a word of letters, digits and dashes' },
    }),
  },
  { description: 'Servers of the Model Context Protocol that bring tools.' },
);
