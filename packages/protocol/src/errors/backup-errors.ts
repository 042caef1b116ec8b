/** Rows of the error catalogue: backups, and what is restored from them. */
import type { ErrorEntry } from './entry.ts';

export const backupErrors = {
  backup_damaged: {
    status: 0,
    retryable: false,
    message: 'The backup {archive} cannot be believed: {reason}.',
    hint: 'Nothing was changed. `openclaw backup list` shows the others, `openclaw backup verify` tells which are whole.',
  },
  backup_newer: {
    status: 0,
    retryable: false,
    message: 'The backup {archive} was made by a newer OpenClaw ({found}); this one reads {known}.',
    hint: 'Nothing was changed. Install that version or a later one, and restore with it.',
  },
  backup_key: {
    status: 0,
    retryable: false,
    message: 'The backup {archive} cannot be decrypted: {reason}.',
    hint: 'Nothing was changed. --identity FILE names the file of the age identity, --passphrase-file FILE that of the passphrase.',
  },
  backup_failed: {
    status: 0,
    retryable: true,
    message: 'No backup was made: {reason}.',
    hint: '{suggestion}',
  },
  backup_room: {
    status: 0,
    retryable: true,
    message: 'There is too little room in {directory}: {free} are free, and up to {needed} are needed.',
    hint: 'Free space there, or name another place with --to.',
  },
  backup_not_found: {
    status: 0,
    retryable: false,
    message: 'There is no backup {wanted}.',
    hint: '{suggestion}',
  },
  backup_place: {
    status: 0,
    retryable: true,
    message: 'The place {place} cannot be used: {reason}.',
    hint: '{suggestion}',
  },
  restore_not_empty: {
    status: 0,
    retryable: false,
    message: 'The state directory {directory} is not empty: it has {found}.',
    hint: 'Nothing was changed. With --force it is replaced, and what is there now is kept beside in a directory replaced-TIME.',
  },
} as const satisfies Record<string, ErrorEntry>;
