/**
 * Stored responses, as the model path and the gateway see them: what a request refers to is found and put in its place before it
 * is sent, and what was answered is kept. Built here from its pieces.
 */
export type { InputItemsPage, InputItemsQuestion, ResponseArchive } from './archive.ts';
export { createResponseArchive } from './archive.ts';
export type { PreparedRequest, RequestPreparer } from './prepare.ts';
export { createRequestPreparer } from './prepare.ts';
