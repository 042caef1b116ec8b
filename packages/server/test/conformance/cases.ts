/**
 * The 72 cases that gateways get wrong, each with the public threads about it, and the cells in which it can occur: the
 * dialect of the client, the dialect of the provider, streaming or not. `npm run conformance` prints the score against this table.
 *
 * A test belongs to a case by its title: `case 17 [openai-completions → anthropic-messages, stream]: …`.
 */
import type { ConformanceCase } from './case.ts';
import { casesOfAnswers } from './cases-of-answers.ts';
import { casesOfRequests } from './cases-of-requests.ts';
import { cells, type Cell } from './cells.ts';

export const cases: readonly ConformanceCase[] = [...casesOfAnswers, ...casesOfRequests];

export function cellsOf(number: number): readonly Cell[] {
  const row = cases.find((one) => one.number === number);
  return row?.applies ? cells.filter(row.applies) : [];
}
