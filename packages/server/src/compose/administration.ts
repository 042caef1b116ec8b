/** What `/admin/v1` asks of the parts. */
import { usageDimensions, type UsageDimension } from '@openclaw/protocol';
import type { VirtualKeys } from '../access/index.ts';
import { OpenClawError } from '../core/errors.ts';
import type { RootLog } from '../core/log.ts';
import type { AdminOptions } from '../gateway/index.ts';
import type { ModelPath } from '../models/index.ts';

interface AdministrationOptions {
  readonly keys: VirtualKeys;
  readonly models: ModelPath;
  readonly log: RootLog;
}

export function administration({ keys, models, log }: AdministrationOptions): AdminOptions {
  return {
    listKeys: () => keys.list(),
    createKey: (wanted, actor) => keys.create(wanted, actor),
    getKey: (id) => keys.get(id),
    updateKey: (id, wanted, actor) => keys.update(id, wanted, actor),
    revokeKey: (id, actor) => keys.revoke(id, actor),
    usage: ({ sinceMs, by }) => models.usage.totals({ sinceMs, by: dimensionOf(by) }),
    setLogLevel: (level) => log.setLevel(level),
    listModels: () => models.directory.list(),
    showModel: (name) => models.directory.show(name),
  };
}

function dimensionOf(name: string): UsageDimension {
  const dimension = usageDimensions.find((known) => known === name);
  if (dimension) return dimension;
  throw new OpenClawError('invalid_request', {
    details: { path: 'by', reason: `must be one of ${usageDimensions.join(', ')}` },
    param: 'by',
  });
}
