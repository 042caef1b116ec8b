/** Writes `docs/providers.md` from the table of vendors and the snapshot. It does not touch files: see `scripts/refresh-catalogue.ts`. */
import type { Catalogue } from './index.ts';
import { vendors, type Vendor } from './vendors.ts';

const cloudSections = `## Google Gemini

Signatures of Gemini's thinking travel with what clients send back: \`extra_content.google.thought_signature\` of a tool call, as at Google's own
OpenAI-compatible endpoint, or a thinking block's signature. Clients may send \`extra_body.google\` with \`thinking_config\`, \`cached_content\` and
\`safety_settings\`, and tools of the types \`google_search\`, \`google_maps\`, \`url_context\` and \`code_execution\`. Web and \`gs:\` addresses of images and
documents are fetched by Google. Pictures in answers are refused: no client's format has a place for them yet.

## Azure OpenAI and Vertex AI

Each customer has a base URL of its own there, so it has to be configured; the table shows its form. A model is a deployment's name on Azure:

\`\`\`json5
{
  models: {
    providers: {
      azure: { baseUrl: 'https://NAME.openai.azure.com/openai/v1', apiKey: '\${AZURE_OPENAI_API_KEY}' },
      vertex: { baseUrl: 'https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/publishers/google', apiKey: '\${VERTEX_TOKEN}' },
    },
  },
}
\`\`\`

Azure's older API has the deployment in the path and the version in the query, which goes with every request:
\`baseUrl: 'https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?api-version=2024-10-21', api: 'openai-completions'\`. Vertex takes access tokens, which expire within the hour: let whatever
renews them write a file, and name that file with \`VERTEX_TOKEN_FILE\`; it is read again when it changes.

## Amazon Bedrock

With a Bedrock key in \`AWS_BEARER_TOKEN_BEDROCK\` there is nothing to configure. Without one, name the provider, and requests are signed with the
credentials that AWS's own tools would find: access keys in the environment (\`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\`, \`AWS_SESSION_TOKEN\`), else
profiles, SSO, and the roles of containers and instances.

\`\`\`json5
{ models: { providers: { bedrock: {} } } }
\`\`\`

The region is that of \`AWS_REGION\` or \`AWS_DEFAULT_REGION\`, or of a \`baseUrl\` that names another; without any it is us-east-1. A model is its id, its inference
profile or its ARN: \`bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0\`. Images and documents go as bytes or from \`s3://\` addresses; Bedrock fetches nothing from
the web, so other addresses are refused. Clients may send Converse's own \`guardrailConfig\`, \`performanceConfig\`, \`requestMetadata\` and
\`additionalModelRequestFields\`.
`;

export function renderProvidersPage(catalogue: Catalogue): string {
  const hosted = vendors.filter((vendor) => !vendor.localPorts);
  const local = vendors.filter((vendor) => vendor.localPorts);
  return `<!-- Made from packages/server/src/models/catalogue by \`node scripts/refresh-catalogue.ts --page\`; edit there. -->

# Providers

OpenClaw reaches a provider when it has a key for it. The shortest way is an environment variable from the table; each can also
be given as \`NAME_FILE\` or as the file \`/run/secrets/NAME\`. The configuration says the same and more:

\`\`\`json5
{ models: { providers: { mistral: { apiKey: '\${MISTRAL_API_KEY}' } } } }
\`\`\`

A model is asked for as \`provider/model\`, for instance \`${exampleModel(catalogue)}\`. Any model of the provider can be asked for, whether
the catalogue has it or not.

## Hosted

\`bearer\` sends \`Authorization: Bearer KEY\`; any other word is the header that holds the key. Where no variable is named, the key comes from the
configuration, because the variable usual for it belongs to the same vendor's endpoint in another region.

| id | provider | wire format | base URL | key from | credential | known models |
|---|---|---|---|---|---|--:|
${hosted.map((vendor) => hostedRow(vendor, catalogue)).join('\n')}

${cloudSections}
## On your own machine

At start, OpenClaw looks for these on 127.0.0.1 and offers the models that they list. On another machine or port, name the server
in the configuration: \`{ models: { providers: { vllm: { baseUrl: 'http://10.0.0.5:8000/v1' } } } }\`. With \`ollama: { api: 'ollama' }\` Ollama is asked in the format of
its own, which also takes \`options\` (\`num_ctx\`, …) and \`keep_alive\` of a request.

| id | server | usual port | base URL |
|---|---|--:|---|
${local.map(localRow).join('\n')}

Any other server that speaks one of the wire formats is a provider with a \`baseUrl\` and an \`api\` of its own.

## Departures from the wire format

What a vendor does differently, and OpenClaw makes good:

${quirkLines().join('\n')}

## Prices and limits

From ${catalogue.source}, as of ${catalogue.snapshotDate}.
A schema for the answer goes to the model itself where the catalogue does not say that it has no structured outputs. Where it says so
and the request is translated between two formats, a schema with \`strict: true\` (and any of an Anthropic client) is refused by name;
any other is told to the model in words, before the conversation. Between the same formats the provider sees what the client wrote.

Prices are in US$ per million tokens, at the vendor's standard rate for its smallest tier of context; a price that nobody stated is
unknown, not zero, and the cost of such a request is not counted. Your own prices override them, field by field:

\`\`\`json5
{ models: { providers: { openai: { models: [{ id: 'gpt-5', cost: { input: 1, output: 8, cacheRead: 0.1 } }] } } } }
\`\`\`

A cached token is charged once, at the cache price. Where there is no cache price, it costs as any other input.
\`node scripts/refresh-catalogue.ts --from api.json\` takes newer data (\`https://models.dev/api.json\`).
`;
}

function hostedRow(vendor: Vendor, catalogue: Catalogue): string {
  const cells = [
    `\`${vendor.id}\``,
    `[${vendor.name}](${vendor.documentation})`,
    [vendor.dialect, ...(vendor.alsoSpeaks ?? [])].map((name) => `\`${name}\``).join(', '),
    vendor.baseUrl === undefined ? `yours: \`${vendor.baseUrlForm}\`` : `\`${vendor.baseUrl}\``,
    vendor.keyVariables.map((name) => `\`${name}\``).join(', ') || 'configuration',
    vendor.credential,
    String(catalogue.modelsOf(vendor.id).length),
  ];
  return `| ${cells.join(' | ')} |`;
}

function localRow(vendor: Vendor): string {
  const cells = [
    `\`${vendor.id}\``,
    `[${vendor.name}](${vendor.documentation})`,
    (vendor.localPorts ?? []).join(', '),
    `\`${vendor.baseUrl}\``,
  ];
  return `| ${cells.join(' | ')} |`;
}

const quirkWords: Readonly<Record<string, string>> = {
  'maxTokensField max_completion_tokens': 'take the output limit as `max_completion_tokens`; all others get `max_tokens`',
  'modelInPath true': 'has the model in the path and the version of the API in the body',
  'developerRole true': 'know the role `developer`; all others get `system`',
  'streamUsage false': 'refuse `stream_options`, so they are not asked for usage in streams',
  'toolIdLength9 true': 'want tool call ids of exactly nine letters or digits',
  'assistantAfterTool true': "refuse a user's message right after a tool's result, so a short turn of the assistant stands between",
  'finishStopOnTools true': 'say `stop` where tools were called; clients are told `tool_calls`',
  'prefill true': 'go on with the beginning of an answer where a stream broke off and the route lets it',
  'systemFirst true': "take instructions at the front alone, as their models' templates do, so all of them come together there",
  'anthropicBetas compact,computer-use,context-1m,context-management,interleaved-thinking':
    'refuses names in `anthropic-beta` that it does not know, so only those of features that it has are sent',
  'reasoningContent false': 'refuse the fields of thinking in earlier turns (`reasoning_content` and the like), which are left out',
  'toolIndexAlwaysZero true': 'number every tool call 0; clients get a number for each',
};

function quirkLines(): string[] {
  const names = new Map<string, string[]>();
  for (const vendor of vendors) {
    for (const [quirk, value] of Object.entries(vendor.quirks ?? {})) {
      const key = `${quirk} ${String(value)}`;
      names.set(key, [...(names.get(key) ?? []), vendor.name]);
    }
  }
  return [...names].map(([key, having]) => `- ${having.join(', ')} ${quirkWords[key] ?? key}.`);
}

function exampleModel(catalogue: Catalogue): string {
  const model = catalogue.lookUpModel('openai', 'gpt-5-mini') ?? catalogue.modelsOf('openai')[0];
  return `openai/${model?.id ?? 'MODEL'}`;
}
