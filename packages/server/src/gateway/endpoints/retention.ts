/** `/admin/v1/retention`: how long things are kept and what would go now; and going through all of it at once. For callers with the scope `admin`. */
import { replyJson } from '../reply.ts';
import type { EndpointTable } from '../request.ts';
import { guarded } from './admin.ts';

export interface RetentionAdministration {
  /** Changes nothing. */
  preview(): Promise<object>;
  /** Begins, or joins what is under way. What goes wrong is logged. */
  sweep(): Promise<void>;
}

export function createRetentionEndpoint(retention: () => RetentionAdministration): EndpointTable {
  return {
    '/admin/v1/retention': {
      GET: guarded(async ({ response }) => replyJson(response, 200, await retention().preview())),
      POST: guarded(({ response }) => {
        // It may take as long as there is to do; who asks looks again.
        void retention().sweep();
        replyJson(response, 202, { started: true });
      }),
    },
  };
}
