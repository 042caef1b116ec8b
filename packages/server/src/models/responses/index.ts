/**
 * Stored responses, as the model path and the gateway see them: what a request refers to is found and put in its place before it
 * is sent, and what was answered is kept. Built here from its pieces.
 */
import type { JsonObject } from '../../core/json.ts';
import { parseJsonBody } from '../../core/parse-json.ts';
import type { ModelCall } from '../call.ts';
import type { AnswerOrigin } from '../read-answer.ts';
import { createResponseArchive, type ResponseArchive, type ResponseArchiveOptions } from './archive.ts';
import { createRequestPreparer, type RequestPreparer } from './prepare.ts';

export type { InputItemsPage, InputItemsQuestion } from './archive.ts';
export type { PreparedRequest } from './prepare.ts';

/** What the gateway may ask. */
export type ResponseReader = Pick<ResponseArchive, 'read' | 'inputItems' | 'remove' | 'stale'>;

/** What the model path needs. */
export interface StoredResponses extends RequestPreparer {
  /** Keeps the answer to a call, if it is to be kept. Never throws; what is asked next finds it. */
  keep(call: ModelCall, answer: JsonObject, from: AnswerOrigin): void;
}

export interface ResponseStore extends ResponseReader, StoredResponses {
  /** Writes what waits. */
  close(): Promise<void>;
}

export function createResponseStore(options: ResponseArchiveOptions): ResponseStore {
  const archive = createResponseArchive(options);
  const preparer = createRequestPreparer({ database: options.database, settled: () => archive.settled() });
  return {
    ...preparer,
    keep(call, answer, { target, passedThrough }) {
      archive.keep({
        owner: call.caller.id,
        // Its depth was checked when it was read first.
        request: parseJsonBody(call.body, { depthLimit: Infinity }),
        answer,
        place: { provider: target.provider.id, target: target.name, keyId: target.key.id },
        passedThrough,
      });
    },
    read: (owner, id, weigh) => archive.read(owner, id, weigh),
    inputItems: (owner, id, question) => archive.inputItems(owner, id, question),
    remove: (owner, id) => archive.remove(owner, id),
    stale: () => archive.stale(),
    close: () => archive.close(),
  };
}
