/** Keeps a request within the number of cache breakpoints that Anthropic takes; more are refused, and other providers take more. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';

const breakpointLimit = 4;

/**
 * The first breakpoint stays, which conversations share, and the last ones, which cover the most; those between change what
 * is cached and not what is read. Blocks keep their bytes otherwise, so that a cached prefix stays one.
 */
export function limitBreakpoints(body: JsonObject): void {
  const marked = [...marksIn(body['tools']), ...marksIn(body['system']), ...marksInMessages(body['messages'])];
  const limit = body['cache_control'] === undefined ? breakpointLimit : breakpointLimit - 1;
  const excess = marked.length - limit;
  for (const block of excess > 0 ? marked.slice(1, 1 + excess) : []) delete block['cache_control'];
}

function marksIn(blocks: JsonValue | undefined): JsonObject[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.filter(isJsonObject).flatMap((block) => [...marksIn(block['content']), ...(block['cache_control'] ? [block] : [])]);
}

function marksInMessages(messages: JsonValue | undefined): JsonObject[] {
  return Array.isArray(messages) ? messages.filter(isJsonObject).flatMap((message) => marksIn(message['content'])) : [];
}
