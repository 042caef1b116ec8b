/**
 * The differences that are known, each with whose it is and why. What is taken away by them is taken away on both sides, so that everything else is
 * still compared. Where Vercel's code and ours differ in a way that is not in these tables, the differential test fails.
 */
import { answerDifferences } from './answer-differences.ts';
import { clientDifferences } from './client-differences.ts';
import type { Difference } from './difference.ts';
import { requestDifferences } from './request-differences.ts';

/** In the order in which they are taken away. */
export const differences: readonly Difference[] = [...clientDifferences, ...requestDifferences, ...answerDifferences];
