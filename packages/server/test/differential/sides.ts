/** Who is asked and by whom: for each wire format a provider of the scripted upstream, and the clients that ask it through the gateway. */
import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { anthropicMessages } from './wires/anthropic-messages.ts';
import { bedrockConverseStream } from './wires/bedrock-converse-stream.ts';
import { googleGenerativeAi } from './wires/google-generative-ai.ts';
import { openaiCompletions } from './wires/openai-completions.ts';
import { openaiResponses } from './wires/openai-responses.ts';
import type { Wire } from './wires/wire.ts';

export interface ProviderSide {
  readonly wire: Wire;
  /** The vendor's name in the configuration of the gateway. */
  readonly vendor: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the base URL has after the origin of the upstream. */
  readonly basePath: string;
  /** Vercel's own provider for the format. */
  direct(baseURL: string): LanguageModelV4;
}

const apiKey = 'key-of-the-provider';
export const awsKeys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example-secret', AWS_REGION: 'eu-west-1' };

const claude = 'claude-sonnet-4-5';
const gpt = 'gpt-4.1';
const gemini = 'gemini-2.5-flash';
const bedrockClaude = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';

export const providers = {
  'openai-completions': {
    wire: openaiCompletions,
    vendor: 'openai',
    model: gpt,
    settings: { apiKey },
    basePath: '/v1',
    direct: (baseURL) => createOpenAI({ baseURL, apiKey }).chat(gpt),
  },
  'openai-responses': {
    wire: openaiResponses,
    vendor: 'openai',
    model: gpt,
    settings: { apiKey, api: 'openai-responses' },
    basePath: '/v1',
    direct: (baseURL) => createOpenAI({ baseURL, apiKey }).responses(gpt),
  },
  'anthropic-messages': {
    wire: anthropicMessages,
    vendor: 'anthropic',
    model: claude,
    settings: { apiKey },
    basePath: '',
    direct: (baseURL) => createAnthropic({ baseURL: `${baseURL}/v1`, apiKey })(claude),
  },
  'google-generative-ai': {
    wire: googleGenerativeAi,
    vendor: 'google',
    model: gemini,
    settings: { apiKey },
    basePath: '/v1beta',
    direct: (baseURL) => createGoogle({ baseURL, apiKey })(gemini),
  },
  'bedrock-converse-stream': {
    wire: bedrockConverseStream,
    vendor: 'bedrock',
    model: bedrockClaude,
    settings: {},
    basePath: '',
    direct: (baseURL) =>
      createAmazonBedrock({
        baseURL,
        region: awsKeys.AWS_REGION,
        accessKeyId: awsKeys.AWS_ACCESS_KEY_ID,
        secretAccessKey: awsKeys.AWS_SECRET_ACCESS_KEY,
      })(bedrockClaude),
  },
} as const satisfies Record<string, ProviderSide>;

export type ProviderName = keyof typeof providers;
export const providerNames = Object.keys(providers) as ProviderName[];

export interface GatewayAddress {
  readonly url: string;
  readonly token: string;
}

/** Vercel's providers that the gateway serves, for a model of the gateway. */
export const clients = {
  'openai-completions': ({ url, token }: GatewayAddress, model: string) =>
    createOpenAI({ baseURL: `${url}/v1`, apiKey: token }).chat(model),
  'openai-responses': ({ url, token }: GatewayAddress, model: string) =>
    createOpenAI({ baseURL: `${url}/v1`, apiKey: token }).responses(model),
  'anthropic-messages': ({ url, token }: GatewayAddress, model: string) => createAnthropic({ baseURL: `${url}/v1`, apiKey: token })(model),
} as const satisfies Record<string, (gateway: GatewayAddress, model: string) => LanguageModelV4>;

export type ClientName = keyof typeof clients;
export const clientNames = Object.keys(clients) as ClientName[];

/** Their Anthropic code would ask models whose names it does not know for a schema by a tool. */
export const clientOptions = { anthropic: { structuredOutputMode: 'outputFormat' } } as const;
