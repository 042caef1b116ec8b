/**
 * The part of the schema that is about agents: who they are, what they may use, when they have to end.
 * The rest, and what all of it is for, is in `schema.ts`; how entries and defaults add up is in `runs/context/`.
 */
import { schema as s } from '@openclaw/protocol';

const agentName = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
  expects: 'a word of letters, digits, dots, dashes and underscores',
};
const toolName = s.string({
  description: 'A tool, or several: `*` stands for any letters.',
  pattern: '^[A-Za-z0-9_*-]+$',
  expects: "the name of a tool, or of several with a star such as 'files__*'",
});

const lists = {
  allow: 'Tools that it uses without asking. `*` stands for any letters: `files__*`.',
  ask: 'Tools that wait for a person each time. What stands in no list waits too.',
  deny: 'Tools that it is not even told of. Wins over the other two.',
} as const;

const limits = {
  steps: { description: 'Model calls and tool calls together.', minimum: 1 },
  tokens: { description: 'Input and output of all its model calls.', minimum: 1 },
  usd: {
    description:
      'What its model calls may cost. In the defaults it counts where prices are known; an agent that sets it itself is refused models without a price.',
    minimum: 0,
  },
  timeMs: { description: 'From its beginning.', minimum: 1 },
  children: { description: 'Tasks that it may hand to other agents.', minimum: 0 },
  depth: { description: 'Levels of agents below it that may hand tasks on: 1 lets it do so, and those that it asks not.', minimum: 0 },
} as const;

const model = s.string({
  description: "A route, `provider/model` or a model's id. Absent: the first route, else the first model that takes tools.",
  minLength: 1,
});

const defaults = s.object(
  {
    model,
    tools: s.object(
      {
        allow: s.array(toolName, { description: lists.allow, default: ['read', 'list', 'search', 'agent'] }),
        ask: s.array(toolName, { description: lists.ask, default: ['write', 'edit', 'http'] }),
        deny: s.array(toolName, { description: lists.deny, default: ['exec'] }),
      },
      { description: 'What agents may do with tools.' },
    ),
    limits: s.object(
      {
        steps: s.integer({ ...limits.steps, default: 50 }),
        tokens: s.integer({ ...limits.tokens, default: 200_000 }),
        usd: s.number({ ...limits.usd, default: 1 }),
        timeMs: s.durationMs({ ...limits.timeMs, default: 900_000 }),
        children: s.integer({ ...limits.children, default: 20 }),
        depth: s.integer({ ...limits.depth, default: 3 }),
      },
      { description: 'When a run ends with what it has so far.' },
    ),
  },
  { description: 'What holds for every agent that does not say otherwise.' },
);

const entry = s.object(
  {
    model: s.string({ description: 'Who thinks for it, as in `agents.defaults.model`.', minLength: 1 }),
    instructions: s.string({ description: 'What it is told before everything else. Absent: nothing.' }),
    description: s.string({ description: 'What it is good at, for agents that may hand it tasks. Absent: they know its name alone.' }),
    agents: s.array(s.string({ ...agentName, description: 'The name of an agent.' }), {
      description: 'Agents that it may hand tasks to, with the tool `agent`. Absent: none.',
      optional: true,
    }),
    tools: s.object(
      {
        allow: s.array(toolName, { description: lists.allow, optional: true }),
        ask: s.array(toolName, { description: 'Tools that wait for a person each time.', optional: true }),
        deny: s.array(toolName, { description: lists.deny, optional: true }),
      },
      { description: 'What it may do with the tools that are named here; for the others the defaults hold.', optional: true },
    ),
    limits: s.object(
      {
        steps: s.integer(limits.steps),
        tokens: s.integer(limits.tokens),
        usd: s.number(limits.usd),
        timeMs: s.durationMs(limits.timeMs),
        children: s.integer(limits.children),
        depth: s.integer(limits.depth),
      },
      { description: 'In place of those in the defaults.', optional: true },
    ),
    workspace: s.string({
      description:
        'The directory that its tools may touch; one that is not absolute lies in the state directory. Absent: `workspaces/NAME`.',
      minLength: 1,
    }),
  },
  { description: 'One agent.' },
);

export const agents = s.object(
  {
    defaults,
    entries: s.record(entry, {
      description: 'Agents by name. `main`, which answers where nobody named one, is there without an entry too.',
      names: agentName,
    }),
  },
  { description: 'Who works on tasks: models with instructions, tools and limits.' },
);
