/** Rows of the error catalogue: files of memory traces. */
import type { ErrorEntry } from './entry.ts';

export const memoryTraceErrors = {
  memory_trace_invalid: {
    status: 422,
    retryable: false,
    message: 'This is no memory trace: {where} {reason}.',
    hint: '`clw debug export --type memory --output FILE` writes one; docs/memory-analysis.md describes the file.',
  },
  memory_trace_too_large: {
    status: 413,
    retryable: false,
    message: 'The memory trace is larger than {limitBytes} bytes.',
    hint: 'Export a shorter time, or a longer interval.',
  },
} as const satisfies Record<string, ErrorEntry>;
