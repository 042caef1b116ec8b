/**
 * The configurations that `openclaw init` writes: every layer on, each line with what it does and when to change it. `docs/starter.md` is made
 * from them. The values are written out even where they are the default, because the file is there to be read.
 */
import { type Entry, renderFile } from './init-file.ts';
import { describeProviders, describeTargets, type FoundProvider } from './init-providers.ts';

export const presetNames = ['starter', 'production'] as const;
export type PresetName = (typeof presetNames)[number];

const introductions: Readonly<Record<PresetName, string>> = {
  starter:
    'OpenClaw on one machine, for one person. JSON5: comments and trailing commas are fine. A running gateway takes edits up when you save; `openclaw config validate` checks them first. Every setting: docs/config.md.',
  production:
    'OpenClaw on a small server (2 cores, 4 GiB), for programs and people on a network. JSON5: comments and trailing commas are fine. A running gateway takes edits up when you save; `openclaw config validate` checks them first. Every setting: docs/config.md.',
};

export function renderPreset(name: PresetName, providers: readonly FoundProvider[], options: { includeOff?: boolean } = {}): string {
  return renderFile(introductions[name], describePreset(name, providers), options);
}

export function describePreset(preset: PresetName, providers: readonly FoundProvider[]): readonly Entry[] {
  const isProduction = preset === 'production';
  return [
    { name: 'gateway', note: 'The port: where it is, who may call, what one caller can hold.', children: gateway(isProduction) },
    { name: 'models', note: 'Who answers, and what happens when somebody does not.', children: models(isProduction, providers) },
    { name: 'agents', note: 'Models with instructions, tools and limits. docs/agents.md', children: agents(isProduction) },
    {
      name: 'logging',
      note: 'What the gateway says of itself, on the terminal and in the state directory. `openclaw logs` shows it.',
      children: [
        {
          name: 'level',
          note: 'debug while you look for something; `openclaw logs level debug` does it without this file.',
          value: "'info'",
        },
        isProduction
          ? { name: 'format', note: 'One JSON object a line, for a collector of logs. auto: pretty on a terminal.', value: "'json'" }
          : { name: 'format', note: 'Pretty on a terminal, JSON elsewhere. json when a collector reads it.', value: "'auto'" },
      ],
    },
    {
      name: 'telemetry',
      note: 'Traces of requests and runs, by OpenTelemetry. Nothing leaves the machine until the line below is no comment. Metrics need no setting: /metrics.',
      children: [
        {
          name: 'traces',
          note: 'Take the slashes away when there is a collector; holds after a restart.',
          value: "{ endpoint: 'http://127.0.0.1:4318/v1/traces', sampleRatio: 1 }",
          isOff: true,
        },
      ],
    },
  ];
}

function gateway(isProduction: boolean): readonly Entry[] {
  return [
    { name: 'port', note: 'Where clients and the Control UI find it. Change it when something else has it.', value: '18789' },
    isProduction
      ? { name: 'bind', note: 'Every interface. loopback when a reverse proxy on this machine is in front.', value: "'lan'" }
      : { name: 'bind', note: 'This machine alone. lan when others call it; they need the token too.', value: "'loopback'" },
    {
      name: 'auth',
      note: 'Who may call. Programs get keys of their own, with limits: `openclaw keys create`.',
      children: [
        { name: 'mode', note: 'password for people, trusted-proxy behind single sign-on. docs/security.md', value: "'token'" },
        {
          name: 'token',
          note: 'The operator, who may do everything. From the environment or .env beside this file, so that this file can be shown and kept in git.',
          value: "'${OPENCLAW_GATEWAY_TOKEN}'",
        },
      ],
    },
    ...(isProduction ? [tls, controlUi] : []),
    isProduction
      ? {
          name: 'drainTimeoutMs',
          note: 'What streams get to end at a shutdown. Keep it below what your supervisor waits: `docker stop -t 30`, 30 s in Kubernetes.',
          value: "'20s'",
        }
      : { name: 'drainTimeoutMs', note: 'What streams get to end at a shutdown; below the 10 s of `docker stop`.', value: "'8s'" },
    {
      name: 'limits',
      note: 'What callers can make the gateway hold. More is refused with words that say so.',
      children: limits(isProduction),
    },
  ];
}

const tls: Entry = {
  name: 'tls',
  note: 'Tokens and prompts cross a network, so the port speaks https. enabled: false where a proxy in front does it.',
  children: [
    { name: 'enabled', note: 'https instead of http.', value: 'true' },
    {
      name: 'selfSigned',
      note: 'Without files the gateway makes a certificate and shows its fingerprint. Commands on this machine trust it; others have to be told.',
      value: 'true',
    },
    {
      name: 'certFile',
      note: 'A certificate that everybody trusts, with its chain. Renewed files are taken up by themselves.',
      value: "'tls/chain.pem'",
      isOff: true,
    },
    { name: 'keyFile', note: 'Its key; the two go together.', value: "'tls/key.pem'", isOff: true },
  ],
};

const controlUi: Entry = {
  name: 'controlUi',
  note: 'The page at /. Browsers of other machines wait until `openclaw devices approve` lets them in.',
  children: [
    { name: 'enabled', note: 'false where nobody looks at it.', value: 'true' },
    {
      name: 'allowedHosts',
      note: 'The names by which browsers reach it, besides addresses. Without the name the page refuses: it may be DNS rebinding.',
      value: "['claw.example.org']",
      isOff: true,
    },
  ],
};

function limits(isProduction: boolean): readonly Entry[] {
  return [
    {
      name: 'bodyBytes',
      note: 'The largest request. Raise it for long documents and images.',
      value: isProduction ? "'16MiB'" : "'32MiB'",
    },
    ...(isProduction
      ? [
          {
            name: 'heldBodyBytes',
            note: 'All requests to models that are held at once. About a tenth of the memory; then callers get 503 and the process lives. Holds after a restart.',
            value: "'384MiB'",
          },
        ]
      : []),
    {
      name: 'connections',
      note: 'Open connections of clients. An idle one costs little; the limit is there for the one that does not stop.',
      value: isProduction ? '2000' : '10000',
    },
    {
      name: 'headerTimeoutMs',
      note: 'Time for the headers of a request; ends those that only hold a connection.',
      value: isProduction ? "'10s'" : "'15s'",
    },
    { name: 'bodyTimeoutMs', note: 'Time for a whole body. Raise it for slow uplinks.', value: "'1m'" },
  ];
}

function models(isProduction: boolean, providers: readonly FoundProvider[]): readonly Entry[] {
  return [
    {
      name: 'providers',
      note: 'Accounts and servers, by the name before the slash in provider/model.',
      children: describeProviders(providers),
    },
    {
      name: 'routes',
      note: 'Names that clients use as `model`. A route lets you change who answers without touching a client.',
      children: [
        {
          name: 'default',
          note: 'What agents and conversations use where they name nothing else.',
          children: [
            {
              name: 'strategy',
              note: 'In the order of the list. Others: weighted, latency, cost, sticky. docs/models.md',
              value: "'priority'",
            },
            {
              name: 'targets',
              note: 'Failover: who is asked, and who when that one fails before its first word. The client sees one answer.',
              isList: true,
              children: describeTargets(providers),
            },
            {
              name: 'afterFirstToken',
              note: 'When one fails in the middle: say so. continue lets another one go on with what was said, where it can.',
              value: "'error'",
            },
          ],
        },
      ],
    },
    ...whenOneFails(isProduction),
    ...whenMuchIsAsked(isProduction),
  ];
}

function whenOneFails(isProduction: boolean): readonly Entry[] {
  return [
    {
      name: 'retry',
      note: 'Second tries for what may go away by itself: rate limits, overload, broken connections. Never for a mistake in the request.',
      children: [
        {
          name: 'attempts',
          note: 'Tries of one request over all targets. 1 where your clients retry by themselves.',
          value: isProduction ? '4' : '5',
        },
        {
          name: 'baseDelayMs',
          note: 'The longest pause before the second; it doubles, and a provider that names a time is heeded.',
          value: "'500ms'",
        },
        {
          name: 'maxDelayMs',
          note: 'No pause is longer. Lower it for people who wait at a screen.',
          value: isProduction ? "'15s'" : "'30s'",
        },
        {
          name: 'budgetPercent',
          note: 'Second tries as a share of all requests: a provider that is down is not hit the harder for it.',
          value: '10',
        },
      ],
    },
    {
      name: 'breaker',
      note: 'A target that keeps failing is left alone for a while, so nobody waits for it. `openclaw models status` shows it.',
      children: [
        { name: 'failures', note: 'So many within the window open it. Fewer: quicker away, and sometimes without need.', value: '5' },
        { name: 'windowMs', note: 'How far back they count.', value: "'2m'" },
        { name: 'openMs', note: 'Then one request tries it again.', value: isProduction ? "'30s'" : "'1m'" },
      ],
    },
  ];
}

function whenMuchIsAsked(isProduction: boolean): readonly Entry[] {
  return [
    {
      name: 'queue',
      note: 'Requests above what a target takes at once wait here, fairly by caller.',
      children: [
        {
          name: 'maxWaiting',
          note: 'More are answered with 429 at once, which is better than a timeout.',
          value: isProduction ? '500' : '1000',
        },
        {
          name: 'maxWaitMs',
          note: 'Nobody waits longer. Raise it for jobs at night, lower it for people.',
          value: isProduction ? "'20s'" : "'30s'",
        },
      ],
    },
    {
      name: 'hedge',
      note: 'Asks a second target when the first is slow to its first word.',
      children: [{ name: 'enabled', note: 'Off: both may cost. On where a quick first word is worth it.', value: 'false' }],
    },
    {
      name: 'cache',
      note: 'Answers a request that is exactly the same from memory.',
      children: [
        {
          name: 'enabled',
          note: 'Off: asked twice, people expect two answers, and one may be about what was true a minute ago. On for tests and for classifying.',
          value: 'false',
        },
      ],
    },
  ];
}

function agents(isProduction: boolean): readonly Entry[] {
  return [
    {
      name: 'defaults',
      note: 'For every agent that does not say otherwise.',
      children: [
        { name: 'model', note: 'The route above. provider/model where one agent needs a certain model.', value: "'default'" },
        {
          name: 'tools',
          note: 'Per tool: used without asking, after a person said yes, or not there. What no list names asks. docs/tools.md',
          children: tools(isProduction),
        },
        {
          name: 'limits',
          note: 'A run that reaches one ends with what it has so far. Raise them for the one agent that needs it.',
          children: agentLimits(isProduction),
        },
      ],
    },
    {
      name: 'entries',
      note: 'Your agents, by name.',
      children: [
        {
          name: 'main',
          note: 'Answers where nobody named another. Copy it under another name for a second one: `openclaw agent --agent NAME`.',
          children: [
            {
              name: 'instructions',
              note: 'Said before everything else, and never shortened. Say who it is for, what it must not do, and how it should answer.',
              value: "'You are a careful assistant. Look before you answer, say what you did, and say so when you do not know.'",
            },
            {
              name: 'workspace',
              note: 'The only directory that its file tools touch; here below the state directory. An absolute path for a project of yours.',
              value: "'workspaces/main'",
            },
          ],
        },
      ],
    },
  ];
}

function tools(isProduction: boolean): readonly Entry[] {
  const [allow, ask, deny] = isProduction
    ? ["['read', 'list', 'search']", "['write', 'edit']", "['exec', 'http']"]
    : ["['read', 'list', 'search']", "['write', 'edit', 'http']", "['exec']"];
  return [
    { name: 'allow', note: 'These only look at the workspace. Add what you approve every time anyway.', value: allow },
    { name: 'ask', note: 'The run waits for `openclaw runs approve` or a click, over restarts if need be.', value: ask },
    {
      name: 'deny',
      note: isProduction
        ? 'Not even named to the model. exec runs commands with the rights of the gateway, http speaks to the network: give them to one agent that needs them, with tools.exec.image and tools.http.hosts set.'
        : 'Not even named to the model. exec runs commands with your rights: set tools.exec.image first, so that they run in a container.',
      value: deny,
    },
  ];
}

function agentLimits(isProduction: boolean): readonly Entry[] {
  return [
    {
      name: 'steps',
      note: 'Model calls and tool calls together. An agent that goes in circles ends here.',
      value: isProduction ? '40' : '50',
    },
    { name: 'tokens', note: 'Input and output of all model calls of a run.', value: '200000' },
    { name: 'usd', note: 'What its model calls may cost, where prices are known.', value: isProduction ? '0.5' : '1' },
    { name: 'timeMs', note: 'From its beginning. Raise it for work that waits long for tools.', value: "'15m'" },
  ];
}
