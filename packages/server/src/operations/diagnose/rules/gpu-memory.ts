/** Cause: the model does not fit into the memory of the GPU. */
import { toldByItself } from '../told-by-itself.ts';

export const gpuMemory = toldByItself({
  id: 'gpu-memory',
  title: 'The model does not fit into the GPU',
  why: 'Weights and cache need more memory than the GPU has left, or another program holds part of it.',
  signs: '`CUDA out of memory`, `cudaMalloc failed: out of memory`, `No available memory for the cache blocks`',
  mends: 'A smaller or quantised model, fewer layers on the GPU, a shorter context, or a larger GPU.',
  pattern:
    /CUDA out of memory(?:\. Tried to allocate (?<wanted>[\d.]+ [KMG]iB))?|(?<!java\.lang\.)\bOutOfMemoryError|cudaMalloc failed: out of memory|CUDA error(?: \d+)?:? ?\(?out of memory|CUDA_ERROR_OUT_OF_MEMORY|hipErrorOutOfMemory|HIP out of memory|CUBLAS_STATUS_ALLOC_FAILED|No available memory for the cache blocks|unable to allocate (?:CUDA|ROCm)\d+ buffer|allocating (?<mib>[\d.]+ MiB) on device \d+.*failed|larger than the maximum number of tokens that can be stored in KV cache|Free memory on device .* is less than desired GPU memory utilization/i,
  most: 96,
  says: ({ match: { groups = {} } }) => {
    const wanted = groups['wanted'] ?? groups['mib'];
    return `The GPU has not enough memory${wanted === undefined ? ' for the model' : `: ${wanted} more were wanted`}. The limit of the container is another thing and does not help.`;
  },
  remedy: () => [
    '`nvidia-smi` shows what is free and who holds the rest: end what should not be there',
    'Take a quantised model (Q4), put fewer layers on the GPU (`--n-gpu-layers`), shorten the context (`--ctx-size`, `--max-model-len`), or lower `--gpu-memory-utilization`',
  ],
  disprovedBy: '`nvidia-smi` shows more free memory at that moment than the model needs.',
});
