/**
 * The one catalogue of errors: every failure that OpenClaw tells anybody about has its row here.
 *
 * The rows lie in `errors/`, by what they are about: what is the same each time (code, HTTP status, whether another try can
 * help, the words, the remedy). It does not know how an error is thrown, logged or written to a client: see `core/errors.ts` and the dialects.
 * `docs/errors.md` is checked against this table, both ways, by a test.
 */
import { backupErrors } from './errors/backup-errors.ts';
import { callerErrors } from './errors/caller-errors.ts';
import { channelErrors } from './errors/channel-errors.ts';
import { clientErrors } from './errors/client-errors.ts';
import { clwErrors } from './errors/clw-errors.ts';
import { deviceErrors } from './errors/device-errors.ts';
import { diagnosisErrors } from './errors/diagnosis-errors.ts';
import { gatewayErrors } from './errors/gateway-errors.ts';
import { memoryTraceErrors } from './errors/memory-trace-errors.ts';
import { operationErrors } from './errors/operation-errors.ts';
import { providerErrors } from './errors/provider-errors.ts';
import { requestErrors } from './errors/request-errors.ts';
import { runErrors } from './errors/run-errors.ts';
import { scheduleErrors } from './errors/schedule-errors.ts';
import { secretErrors } from './errors/secret-errors.ts';
import { turnErrors } from './errors/turn-errors.ts';
import { volumeErrors } from './errors/volume-errors.ts';
import { workloadErrors } from './errors/workload-errors.ts';

export type { ErrorEntry } from './errors/entry.ts';

export const errorCatalogue = {
  ...requestErrors,
  ...callerErrors,
  ...deviceErrors,
  ...providerErrors,
  ...gatewayErrors,
  ...operationErrors,
  ...diagnosisErrors,
  ...backupErrors,
  ...volumeErrors,
  ...turnErrors,
  ...runErrors,
  ...scheduleErrors,
  ...memoryTraceErrors,
  ...workloadErrors,
  ...clwErrors,
  ...channelErrors,
  ...clientErrors,
  ...secretErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalogue;
