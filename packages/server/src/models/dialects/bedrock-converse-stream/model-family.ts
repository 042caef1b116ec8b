/**
 * Which family a model of Bedrock belongs to, by its id or ARN: families differ in what Converse passes on to them. The id of
 * an inference profile names the model behind it; the ARN of an application's profile or of provisioned throughput names none.
 *
 * It does not know versions beyond what it is asked here.
 */

/** `unnamed`: an ARN that does not say what stands behind it. */
export type ModelFamily = 'claude' | 'nova' | 'other' | 'unnamed';

export function familyOf(model: string): ModelFamily {
  if (/\banthropic\.claude/.test(model)) return 'claude';
  if (/\bamazon\.nova/.test(model)) return 'nova';
  return /^arn:[^:]+:(bedrock|sagemaker):.*\b(application-inference-profile|provisioned-model|prompt-router|default-prompt-router|endpoint)\//.test(
    model,
  )
    ? 'unnamed'
    : 'other';
}

/** Claude before the second 3.5 caches nothing: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
const cachesNothing = /claude-(v\d|instant|3-(opus|sonnet|haiku)|3-5-sonnet-20240620)/;

export function takesCachePoints(model: string): boolean {
  return familyOf(model) !== 'other' && !cachesNothing.test(model);
}

/** Claude since 4.5 keeps a cached prefix for an hour if asked to. */
export function takesCacheTtl(model: string): boolean {
  return familyOf(model) === 'claude' && !/claude-(v?[123]|instant|(opus|sonnet|haiku)-4-([0-4]|\d{8})(?!\d))/.test(model);
}
