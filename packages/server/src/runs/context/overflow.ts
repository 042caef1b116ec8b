/**
 * Whether a provider refused a request because the conversation is longer than its model takes: then one compaction and another try help.
 *
 * Providers have no common code for it, so it is told by their words. What waiting would help against is none of it.
 */
import type { OpenClawError } from '../../core/errors.ts';

/** What is said for it, by whom. */
const words: readonly RegExp[] = [
  // OpenAI, DeepSeek, vLLM, OpenRouter, Mistral: "maximum context length is 128000 tokens"
  /maximum context length/i,
  /context[ _]length[ _]exceeded/i,
  // OpenAI's responses: "Your input exceeds the context window of this model"
  /exceeds? (the|this model's) (maximum )?context (window|length|size)/i,
  // Anthropic: "prompt is too long: 208310 tokens > 200000 maximum"; "input length and `max_tokens` exceed context limit"
  /prompt is too long/i,
  /exceeds? (the )?context limit/i,
  // Gemini: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)"
  /input token count.{0,30} exceeds the maximum/i,
  // Bedrock: "Input is too long for requested model"
  /input is too long/i,
  // xAI: "This model's maximum prompt length is 131072"
  /maximum prompt length is/i,
  // Groq, Azure: "Please reduce the length of the messages or completion"
  /reduce the length of (the|your) (messages|prompt|input)/i,
  // llama.cpp: "the request exceeds the available context size"; LM Studio: "greater than the context length"
  /exceeds the available context size/i,
  /greater than the context length/i,
  // Mistral: "Prompt contains 40000 tokens ... too large for model with 32768 maximum context length"; Moonshot, MiniMax
  /too large for model with \d+ maximum/i,
  /exceeded model token limit/i,
  /context window exceeds limit/i,
];

export function isContextOverflow({ code, message, details }: OpenClawError): boolean {
  if (code === 'body_too_large') return true;
  if (code !== 'upstream_refused' && code !== 'upstream_failed') return false;
  const { reason } = details;
  const said = typeof reason === 'string' ? `${message} ${reason}` : message;
  return words.some((pattern) => pattern.test(said));
}
