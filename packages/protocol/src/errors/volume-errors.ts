/** Rows of the error catalogue: where the state lies, and bringing it elsewhere. */
import type { ErrorEntry } from './entry.ts';

export const volumeErrors = {
  volume_target: {
    status: 0,
    retryable: false,
    message: 'The state cannot be brought to {target}: {reason}.',
    hint: 'Nothing was changed, and the state in {directory} is in force. {suggestion}',
  },
  volume_copy: {
    status: 0,
    retryable: true,
    message: 'The copy of the state in {target} was not finished: {reason}.',
    hint: 'The state in {directory} is as it was, and in force. The same command begins again.',
  },
  volume_bench: {
    status: 0,
    retryable: true,
    message: 'The speed of {directory} could not be measured: {reason}.',
    hint: 'Nothing of it is left there. Run it as the user who owns the directory, on a volume with room.',
  },
  volume_kept: {
    status: 0,
    retryable: false,
    message: 'No volume was removed: {reason}.',
    hint: '{suggestion}',
  },
} as const satisfies Record<string, ErrorEntry>;
