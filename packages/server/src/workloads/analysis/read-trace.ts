/**
 * Reads a memory trace that a stranger may have written: bounded while it arrives, held against the schema, and refused with the path of
 * the first thing that is wrong.
 *
 * It opens no file and judges no memory.
 */
import { memoryTraceLimits, memoryTraceSchema, type MemoryTrace } from '@openclaw/protocol';

import { findFault } from '../../core/check-shape.ts';
import { OpenClawError } from '../../core/errors.ts';
import { findJsonFault } from '../../core/json-position.ts';

export interface ReadTraceOptions {
  /** @default 64 MiB */
  readonly fileBytes?: number;
}

/**
 * @throws OpenClawError `memory_trace_too_large` as soon as that is known, `memory_trace_invalid` with the path
 */
export async function readMemoryTrace(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { fileBytes = memoryTraceLimits.fileBytes }: ReadTraceOptions = {},
): Promise<MemoryTrace> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > fileBytes) throw new OpenClawError('memory_trace_too_large', { details: { limitBytes: fileBytes } });
    kept.push(chunk);
  }
  return checkMemoryTrace(parse(Buffer.concat(kept)));
}

/** @throws OpenClawError `memory_trace_invalid` with the path */
export function checkMemoryTrace(value: unknown): MemoryTrace {
  const fault = findFault(memoryTraceSchema, value);
  if (fault) throw invalid(fault.path === '' ? 'it' : fault.path, fault.reason);
  // The schema is kept equal to the type by the compiler.
  const trace = value as MemoryTrace;
  refuseDisorder(trace);
  return trace;
}

function parse(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid('it', 'is not UTF-8', cause);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The runtime's message quotes the text, so it is not kept.
    const fault = findJsonFault(text);
    if (fault === undefined) throw invalid('it', 'cannot be parsed as JSON');
    throw invalid(`line ${fault.line}, column ${fault.column}`, fault.atEnd ? 'ends too early to be JSON' : 'is not JSON');
  }
}

/** What no schema can say: times rise, and a count of restarts does not fall. */
function refuseDisorder({ samples, marks = [], allocations }: MemoryTrace): void {
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before && sample.at <= before.at) throw invalid(`/samples/${index}/at`, 'must be later than that of the sample before');
    if (before && sample.restarts < before.restarts) throw invalid(`/samples/${index}/restarts`, 'must not be fewer than before');
  }
  for (const [index, mark] of marks.entries()) {
    const before = marks[index - 1];
    if (before && mark.at < before.at) throw invalid(`/marks/${index}/at`, 'must not be earlier than that of the mark before');
  }
  if (allocations && allocations.to < allocations.from) throw invalid('/allocations/to', 'must not be earlier than from');
}

function invalid(where: string, reason: string, cause?: unknown): OpenClawError {
  return new OpenClawError('memory_trace_invalid', { details: { where, reason }, param: where, ...(cause === undefined ? {} : { cause }) });
}
