/** All migrations, in order. A new one is a file beside this one and an entry here. */
import { usage } from './0001-usage.ts';
import { usageDetail } from './0002-usage-detail.ts';
import { responses } from './0003-responses.ts';
import { devices } from './0004-devices.ts';
import { audit } from './0005-audit.ts';
import { turns } from './0006-turns.ts';
import { runs } from './0007-runs.ts';
import { sessionRuns } from './0008-session-runs.ts';
import { schedules } from './0009-schedules.ts';
import { channelDeliveries } from './0010-channel-deliveries.ts';
import { workloadObjects } from './0012-workload-objects.ts';
import { workloadHistory } from './0013-workload-history.ts';
import type { Migration } from './migration.ts';

export type { Migration };
export const migrations: readonly Migration[] = [
  usage,
  usageDetail,
  responses,
  devices,
  audit,
  turns,
  runs,
  sessionRuns,
  schedules,
  channelDeliveries,
  workloadObjects,
  workloadHistory,
];
