/** The audit log as the command reaches it: through the running gateway where there is one, else through the state itself. */
import type { AuditEntry } from '@openclaw/protocol';
import { callGateway } from './admin.ts';
import type { AuditClient } from './audit.ts';
import { findPlace, silentLog } from './place.ts';
import type { Terminal } from '../terminal.ts';

/** Opens what it needs at each call and closes it again. */
export function createAuditClient(terminal: Terminal): AuditClient {
  return {
    async list(question) {
      const { gateway, configuration } = await findPlace(terminal);
      if (gateway) {
        const query = new URLSearchParams({
          limit: String(question.limit),
          ...(question.before === undefined ? {} : { before: String(question.before) }),
          ...(question.actionPrefix === undefined ? {} : { action: question.actionPrefix }),
        });
        const { entries } = await callGateway({ ...gateway, method: 'GET', path: `/admin/v1/audit?${query.toString()}` });
        return entries as unknown as AuditEntry[];
      }
      const { openStateForCommand } = await import('../../compose/index.ts');
      const { audit, close } = await openStateForCommand(configuration.stateDirectory, silentLog());
      try {
        return await audit.list(question);
      } finally {
        await close();
      }
    },
  };
}
