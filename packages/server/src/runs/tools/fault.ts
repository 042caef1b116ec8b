/** What a tool cannot do as it was asked, in words for the model. Such a fault becomes a result and never leaves the tool. */
import type { ToolResult } from './contract.ts';

export class ToolFault extends Error {
  override readonly name = 'ToolFault' as const;
}

/** Runs the work of a tool: what it gives is told, a fault too, and so is an end by the signal. Anything else is thrown on. */
export async function answering(signal: AbortSignal, work: () => Promise<string>): Promise<ToolResult> {
  try {
    return { isError: false, text: await work() };
  } catch (thrown) {
    if (thrown instanceof ToolFault) return { isError: true, text: thrown.message };
    if (signal.aborted) return { isError: true, text: 'The call was stopped before it was done.' };
    throw thrown;
  }
}
