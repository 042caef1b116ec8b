/** The kinds that are served. One that nothing acts on is not among them: it would be accepted, and nothing would happen. */
import type { Kind } from './kind.ts';
import { memoryTraceKind } from './memory-trace.ts';
import { workloadKind } from './workload.ts';

export const kinds: readonly Kind[] = [workloadKind, memoryTraceKind];
