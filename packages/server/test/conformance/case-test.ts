/** Registers the test of a case for each of its cells, under the title that the score is read from. */
import { test } from 'node:test';
import { cellsOf } from './cases.ts';
import { nameOf, type Cell } from './cells.ts';

export function testCase(number: number, rule: string, body: (cell: Cell) => Promise<void> | void): void {
  for (const cell of cellsOf(number)) test(`case ${number} [${nameOf(cell)}]: ${rule}`, async () => body(cell));
}
