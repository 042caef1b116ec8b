/** Registers the test of a case for each of its cells, under the title that the score is read from. */
import { test } from 'node:test';
import { cellsOf, clientCellsOf, nameOf, providerCellsOf, type Cell, type ClientCell, type ProviderCell } from './cases.ts';

export function testCase(number: number, rule: string, body: (cell: Cell) => Promise<void> | void): void {
  for (const cell of cellsOf(number)) test(`case ${number} [${nameOf(cell)}]: ${rule}`, async () => body(cell));
}

/** The same for a case that is about one dialect of providers. */
export function testProviderCase(number: number, rule: string, body: (cell: ProviderCell) => Promise<void> | void): void {
  for (const cell of providerCellsOf(number)) test(`case ${number} [${nameOf(cell)}]: ${rule}`, async () => body(cell));
}

/** The same for a case that is about clients of Responses. */
export function testClientCase(number: number, rule: string, body: (cell: ClientCell) => Promise<void> | void): void {
  for (const cell of clientCellsOf(number)) test(`case ${number} [${nameOf(cell)}]: ${rule}`, async () => body(cell));
}
