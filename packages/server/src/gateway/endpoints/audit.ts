/** `/admin/v1/audit`: who changed what. For callers with the scope `admin`; nobody writes here. */
import type { AuditEntry } from '@openclaw/protocol';
import { replyJson } from '../reply.ts';
import type { EndpointTable } from '../request.ts';
import { guarded } from './admin.ts';

/** What the endpoint needs of the audit log, which checks what it is asked. */
export interface AuditReader {
  /** The newest first. @throws OpenClawError `invalid_request` that names the field */
  list(question: { readonly limit: number; readonly before?: number; readonly actionPrefix?: string }): Promise<readonly AuditEntry[]>;
}

const defaultLimit = 100;

export function createAuditEndpoint(audit: AuditReader): EndpointTable {
  return {
    '/admin/v1/audit': {
      GET: guarded(async ({ query, response }) => {
        const before = query.get('before');
        const actionPrefix = query.get('action');
        const entries = await audit.list({
          limit: numberOf(query.get('limit')) ?? defaultLimit,
          ...(before === null ? {} : { before: numberOf(before) ?? Number.NaN }),
          ...(actionPrefix === null ? {} : { actionPrefix }),
        });
        replyJson(response, 200, { entries });
      }),
    },
  };
}

/** Digits alone: what `Number` makes of anything else (`''`, `0x10`, `1e3`) is not what was meant. */
function numberOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
