/** Model servers that run on one's own machine: rows of `vendors.ts`. Finding them is `../discovery.ts`. */
import type { Vendor } from './vendor.ts';

export const localVendors: readonly Vendor[] = [
  {
    id: 'ollama',
    name: 'Ollama',
    dialect: 'openai-completions',
    baseUrl: 'http://127.0.0.1:11434/v1',
    keyVariables: [],
    credential: 'bearer',
    quirks: { prefill: true },
    localPorts: [11434],
    documentation: 'https://docs.ollama.com/api/openai-compatibility',
  },
  {
    id: 'llamacpp',
    name: 'llama.cpp server',
    dialect: 'openai-completions',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyVariables: [],
    credential: 'bearer',
    quirks: { prefill: true, systemFirst: true },
    localPorts: [8080],
    documentation: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
  },
  {
    id: 'lmstudio',
    name: 'LM Studio',
    dialect: 'openai-completions',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyVariables: [],
    credential: 'bearer',
    quirks: { systemFirst: true },
    localPorts: [1234],
    documentation: 'https://lmstudio.ai/docs/developer/openai-compat',
  },
  {
    id: 'vllm',
    name: 'vLLM',
    dialect: 'openai-completions',
    baseUrl: 'http://127.0.0.1:8000/v1',
    keyVariables: [],
    credential: 'bearer',
    // Qwen's template: https://github.com/BerriAI/litellm/pull/39282
    quirks: { systemFirst: true },
    localPorts: [8000],
    documentation: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  },
];
