/**
 * The vendors that OpenClaw knows without being told: where they are, which wire format they speak, where their key comes
 * from, and how they depart from the format. A new vendor of a known dialect is a row here and no code.
 *
 * It does not hold models or prices (`index.ts`), nor what an operator configured, which overrides each field.
 * `docs/providers.md` is made from this table.
 */
import { localVendors } from './local-vendors.ts';
import type { Vendor } from './vendor.ts';

export type { Vendor };

export const vendors: readonly Vendor[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    dialect: 'openai-completions',
    alsoSpeaks: ['openai-responses'],
    baseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    credential: 'bearer',
    quirks: { maxTokensField: 'max_completion_tokens', developerRole: true },
    modelsDevId: 'openai',
    documentation: 'https://platform.openai.com/docs/api-reference/chat/create',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com',
    keyVariables: ['ANTHROPIC_API_KEY'],
    credential: 'x-api-key',
    maxOutputTokens: 8192,
    modelsDevId: 'anthropic',
    documentation: 'https://docs.anthropic.com/en/api/messages',
  },
  {
    id: 'google',
    name: 'Google Gemini',
    // Not its OpenAI-compatible endpoint, which says `stop` after tool calls and knows less than half of the format.
    dialect: 'google-generative-ai',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY'],
    credential: 'x-goog-api-key',
    modelsDevId: 'google',
    documentation: 'https://ai.google.dev/api/generate-content',
  },
  {
    id: 'vertex',
    name: 'Google Vertex AI (Gemini)',
    dialect: 'google-generative-ai',
    baseUrlForm: 'https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/publishers/google',
    keyVariables: [],
    credential: 'bearer',
    // Its list of models is of another version.
    keyCheck: 'none',
    // What that data calls google-vertex holds Claude too; these are the same models at the same price.
    modelsDevId: 'google',
    documentation: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  },
  {
    id: 'vertex-claude',
    name: 'Google Vertex AI (Claude)',
    dialect: 'anthropic-messages',
    baseUrlForm: 'https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/publishers/anthropic',
    keyVariables: [],
    credential: 'bearer',
    keyCheck: 'none',
    // Refuses names that it does not know: https://github.com/anthropics/claude-agent-sdk-typescript/issues/307
    quirks: {
      modelInPath: true,
      anthropicBetas: ['compact', 'computer-use', 'context-1m', 'context-management', 'interleaved-thinking'],
    },
    maxOutputTokens: 8192,
    modelsDevId: 'google-vertex-anthropic',
    documentation: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude',
  },
  {
    id: 'azure',
    name: 'Azure OpenAI',
    dialect: 'openai-completions',
    alsoSpeaks: ['openai-responses'],
    baseUrlForm: 'https://NAME.openai.azure.com/openai/v1',
    keyVariables: ['AZURE_OPENAI_API_KEY'],
    credential: 'api-key',
    // No models of the catalogue: which are there is what the customer deployed, under names of his own.
    quirks: { maxTokensField: 'max_completion_tokens', developerRole: true },
    documentation: 'https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle',
  },
  {
    id: 'mistral',
    name: 'Mistral',
    dialect: 'openai-completions',
    baseUrl: 'https://api.mistral.ai/v1',
    keyVariables: ['MISTRAL_API_KEY'],
    credential: 'bearer',
    // Refuses `stream_options` and sends usage without it: https://github.com/openai/openai-agents-python/issues/442
    // Refuses a user's message right after a tool's result: https://github.com/onyx-dot-app/onyx/issues/6458
    // Refuses fields that its reference does not have, those of thinking among them.
    quirks: { streamUsage: false, toolIdLength9: true, assistantAfterTool: true, reasoningContent: false },
    modelsDevId: 'mistral',
    documentation: 'https://docs.mistral.ai/api/',
  },
  {
    id: 'groq',
    name: 'Groq',
    dialect: 'openai-completions',
    baseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    credential: 'bearer',
    // Refuses `reasoning_content`: https://github.com/janhq/jan/issues/8136
    quirks: { maxTokensField: 'max_completion_tokens', reasoningContent: false },
    modelsDevId: 'groq',
    documentation: 'https://console.groq.com/docs/api-reference',
  },
  {
    id: 'together',
    name: 'Together AI',
    dialect: 'openai-completions',
    baseUrl: 'https://api.together.xyz/v1',
    keyVariables: ['TOGETHER_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'togetherai',
    documentation: 'https://docs.together.ai/docs/openai-api-compatibility',
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    dialect: 'openai-completions',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariables: ['FIREWORKS_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'fireworks-ai',
    documentation: 'https://docs.fireworks.ai/tools-sdks/openai-compatibility',
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    dialect: 'openai-completions',
    baseUrl: 'https://api.deepseek.com',
    keyVariables: ['DEEPSEEK_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'deepseek',
    documentation: 'https://api-docs.deepseek.com/',
  },
  {
    id: 'xai',
    name: 'xAI',
    dialect: 'openai-completions',
    baseUrl: 'https://api.x.ai/v1',
    keyVariables: ['XAI_API_KEY'],
    credential: 'bearer',
    // https://github.com/vercel/ai/issues/12218
    quirks: { maxTokensField: 'max_completion_tokens', finishStopOnTools: true },
    modelsDevId: 'xai',
    documentation: 'https://docs.x.ai/docs/api-reference',
  },
  {
    id: 'cohere',
    name: 'Cohere',
    dialect: 'openai-completions',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
    credential: 'bearer',
    keyCheck: '/v1/models',
    // Refuses `stream_options`: https://strandsagents.com/docs/user-guide/concepts/model-providers/cohere/
    quirks: { streamUsage: false },
    modelsDevId: 'cohere',
    documentation: 'https://docs.cohere.com/docs/compatibility-api',
  },
  {
    id: 'perplexity',
    name: 'Perplexity',
    dialect: 'openai-completions',
    baseUrl: 'https://api.perplexity.ai',
    keyVariables: ['PERPLEXITY_API_KEY'],
    credential: 'bearer',
    keyCheck: 'none',
    modelsDevId: 'perplexity',
    documentation: 'https://docs.perplexity.ai/guides/chat-completions-guide',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    dialect: 'openai-completions',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    credential: 'bearer',
    // Its list of models is public.
    keyCheck: '/api/v1/key',
    modelsDevId: 'openrouter',
    documentation: 'https://openrouter.ai/docs/api-reference/overview',
  },
  {
    id: 'cerebras',
    name: 'Cerebras',
    dialect: 'openai-completions',
    baseUrl: 'https://api.cerebras.ai/v1',
    keyVariables: ['CEREBRAS_API_KEY'],
    credential: 'bearer',
    // Refuses `reasoning_content`: https://github.com/QwenLM/qwen-code/issues/11045
    quirks: { maxTokensField: 'max_completion_tokens', reasoningContent: false },
    modelsDevId: 'cerebras',
    documentation: 'https://inference-docs.cerebras.ai/resources/openai',
  },
  {
    id: 'nvidia',
    name: 'NVIDIA NIM',
    dialect: 'openai-completions',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    keyVariables: ['NVIDIA_API_KEY'],
    credential: 'bearer',
    keyCheck: 'none',
    modelsDevId: 'nvidia',
    documentation: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
  },
  {
    id: 'moonshot',
    name: 'Moonshot AI',
    dialect: 'openai-completions',
    baseUrl: 'https://api.moonshot.ai/v1',
    keyVariables: ['MOONSHOT_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'moonshotai',
    documentation: 'https://platform.moonshot.ai/docs/api/chat',
  },
  {
    id: 'moonshot-cn',
    name: 'Moonshot AI (China)',
    dialect: 'openai-completions',
    baseUrl: 'https://api.moonshot.cn/v1',
    keyVariables: [],
    credential: 'bearer',
    modelsDevId: 'moonshotai-cn',
    documentation: 'https://platform.moonshot.cn/docs/api/chat',
  },
  {
    id: 'qwen',
    name: 'Alibaba Model Studio (Qwen, DashScope)',
    dialect: 'openai-completions',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyVariables: ['DASHSCOPE_API_KEY', 'QWEN_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'alibaba',
    documentation: 'https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope',
  },
  {
    id: 'qwen-cn',
    name: 'Alibaba Model Studio (China)',
    dialect: 'openai-completions',
    baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    keyVariables: [],
    credential: 'bearer',
    modelsDevId: 'alibaba-cn',
    documentation: 'https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope',
  },
  {
    id: 'volcengine',
    name: 'Volcengine Ark',
    dialect: 'openai-completions',
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    keyVariables: ['ARK_API_KEY', 'VOLCANO_ENGINE_API_KEY'],
    credential: 'bearer',
    documentation: 'https://www.volcengine.com/docs/82379/1494384',
  },
  {
    id: 'zhipu',
    name: 'Zhipu AI (China)',
    dialect: 'openai-completions',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    keyVariables: ['ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'zhipuai',
    documentation: 'https://docs.bigmodel.cn/cn/api/introduction',
  },
  {
    id: 'zai',
    name: 'Z.AI (Zhipu, international)',
    dialect: 'openai-completions',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    keyVariables: ['ZAI_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'zai',
    documentation: 'https://docs.z.ai/api-reference/introduction',
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    // Its OpenAI-compatible endpoint puts thinking into the text; this one keeps it apart.
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.minimax.io/anthropic',
    keyVariables: ['MINIMAX_API_KEY'],
    credential: 'x-api-key',
    maxOutputTokens: 8192,
    modelsDevId: 'minimax',
    documentation: 'https://platform.minimax.io/docs/api-reference/text-anthropic-api',
  },
  {
    id: 'minimax-cn',
    name: 'MiniMax (China)',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.minimaxi.com/anthropic',
    keyVariables: [],
    credential: 'x-api-key',
    maxOutputTokens: 8192,
    modelsDevId: 'minimax-cn',
    documentation: 'https://platform.minimaxi.com/docs/api-reference/text-anthropic-api',
  },
  {
    id: 'huggingface',
    name: 'Hugging Face Inference Providers',
    dialect: 'openai-completions',
    baseUrl: 'https://router.huggingface.co/v1',
    keyVariables: ['HF_TOKEN', 'HUGGINGFACE_API_KEY'],
    credential: 'bearer',
    keyCheck: 'none',
    modelsDevId: 'huggingface',
    documentation: 'https://huggingface.co/docs/inference-providers',
  },
  {
    id: 'sambanova',
    name: 'SambaNova',
    dialect: 'openai-completions',
    baseUrl: 'https://api.sambanova.ai/v1',
    keyVariables: ['SAMBANOVA_API_KEY'],
    credential: 'bearer',
    documentation: 'https://docs.sambanova.ai/docs/en/features/openai-compatibility',
  },
  {
    id: 'deepinfra',
    name: 'DeepInfra',
    dialect: 'openai-completions',
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    keyVariables: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
    credential: 'bearer',
    keyCheck: 'none',
    modelsDevId: 'deepinfra',
    documentation: 'https://deepinfra.com/docs/openai_api',
  },
  {
    id: 'github-models',
    name: 'GitHub Models',
    dialect: 'openai-completions',
    baseUrl: 'https://models.github.ai/inference',
    // Not GITHUB_TOKEN: it lies in many environments for other ends, and finding it does not mean that models are wanted.
    keyVariables: ['GITHUB_MODELS_TOKEN'],
    credential: 'bearer',
    keyCheck: 'none',
    headers: { 'x-github-api-version': '2022-11-28' },
    modelsDevId: 'github-models',
    documentation: 'https://docs.github.com/en/rest/models/inference',
  },
  {
    id: 'nebius',
    name: 'Nebius Token Factory',
    dialect: 'openai-completions',
    baseUrl: 'https://api.tokenfactory.nebius.com/v1',
    keyVariables: ['NEBIUS_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'nebius',
    documentation: 'https://docs.tokenfactory.nebius.com/',
  },
  {
    id: 'baseten',
    name: 'Baseten',
    dialect: 'openai-completions',
    baseUrl: 'https://inference.baseten.co/v1',
    keyVariables: ['BASETEN_API_KEY'],
    credential: 'bearer',
    modelsDevId: 'baseten',
    documentation: 'https://docs.baseten.co/inference/model-apis/overview',
  },
  {
    id: 'bedrock',
    name: 'Amazon Bedrock',
    dialect: 'bedrock-converse-stream',
    // In the region that AWS_REGION or AWS_DEFAULT_REGION names.
    baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
    // Not AWS_ACCESS_KEY_ID: it lies in many environments for other ends, and finding it does not mean that models are wanted.
    keyVariables: ['AWS_BEARER_TOKEN_BEDROCK'],
    credential: 'bearer',
    keyCheck: 'none',
    modelsDevId: 'amazon-bedrock',
    documentation: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
  },
  ...localVendors,
];

const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]));

export function findVendor(id: string): Vendor | undefined {
  return byId.get(id);
}

export interface EnvironmentProvider {
  readonly vendor: Vendor;
  /** The variable that holds the key. The key itself is not copied here, so that this may be printed. */
  readonly keyVariable: string;
}

/**
 * The vendors whose key is in the environment, in the order of the table.
 * @param lookUp the value of a variable, by whatever means the program reads it (`NAME`, `NAME_FILE`, `/run/secrets/NAME`)
 */
export function providersFromEnvironment(
  lookUp: (name: string) => string | undefined,
  among: readonly Vendor[] = vendors,
): EnvironmentProvider[] {
  const found: EnvironmentProvider[] = [];
  for (const vendor of among) {
    const keyVariable = vendor.keyVariables.find((name) => (lookUp(name) ?? '').trim() !== '');
    if (keyVariable !== undefined) found.push({ vendor, keyVariable });
  }
  return found;
}
