/** The form for a new key, or for the limits of one that exists. */
import type { CreatedKey, KeyRecord } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNote } from '../../components/feedback.tsx';
import { CheckField, TextField } from '../../components/fields.tsx';
import {
  checkDraft,
  createRequestOf,
  draftOf,
  emptyDraft,
  updateRequestOf,
  type DraftErrors,
  type DraftField,
  type KeyDraft,
} from './key-draft.ts';

export interface KeyFormProps {
  /** Absent: a new one. */
  readonly edited?: KeyRecord;
  readonly onClose: () => void;
  /** Told the new key, which can be read this once. */
  readonly onDone: (created: CreatedKey | undefined) => void;
}

export function KeyForm({ edited, onClose, onDone }: KeyFormProps) {
  const { admin } = useApp();
  const [draft, setDraft] = useState<KeyDraft>(() => (edited ? draftOf(edited) : emptyDraft));
  const [errors, setErrors] = useState<DraftErrors>({});
  const [failure, setFailure] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      if (edited) {
        await admin.json(`/admin/v1/keys/${edited.id}`, { method: 'PATCH', body: updateRequestOf(draft) });
        onDone(undefined);
      } else onDone(await admin.json<CreatedKey>('/admin/v1/keys', { method: 'POST', body: createRequestOf(draft) }));
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = checkDraft(draft);
    setErrors(found);
    if (Object.keys(found).length === 0) void save();
  };
  const set = (field: DraftField, value: string | boolean): void => setDraft({ ...draft, [field]: value });
  return (
    <Dialog title={edited ? `Change ${edited.name}` : 'New key'} onClose={onClose} closesOutside={false}>
      <form class="stack" noValidate onSubmit={submit}>
        {failure && <ErrorNote error={failure} />}
        <DraftFields draft={draft} errors={errors} set={set} isNew={edited === undefined} />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" disabled={isBusy}>
            {edited ? 'Save' : 'Create'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface DraftFieldsProps {
  readonly draft: KeyDraft;
  readonly errors: DraftErrors;
  readonly set: (field: DraftField, value: string | boolean) => void;
  readonly isNew: boolean;
}

const limitFields = [
  { name: 'rpm', label: 'Requests', unit: 'a minute' },
  { name: 'tpm', label: 'Tokens', unit: 'a minute' },
  { name: 'usdPerDay', label: 'US$', unit: 'a day' },
  { name: 'usdPerMonth', label: 'US$', unit: 'a month' },
] as const;

function DraftFields({ draft, errors, set, isNew }: DraftFieldsProps) {
  return (
    <>
      <TextField
        label="Name"
        value={draft.name}
        error={errors.name}
        onInput={(value) => set('name', value)}
        placeholder="ci, anna, nightly-report"
        autoFocus={isNew}
      />
      <fieldset class="limits">
        <legend>Limits</legend>
        <p class="note">Empty allows any amount, 0 allows none. Days and months are those of UTC.</p>
        <div class="form-grid">
          {limitFields.map(({ name, label, unit }) => (
            <TextField
              key={name}
              type="number"
              label={`${label} ${unit}`}
              value={draft[name]}
              error={errors[name]}
              placeholder="any"
              onInput={(value) => set(name, value)}
            />
          ))}
        </div>
      </fieldset>
      <TextField
        label="Models"
        value={draft.models}
        placeholder="all"
        onInput={(value) => set('models', value)}
        help="Routes or models, with spaces between; empty for all."
      />
      <TextField
        label="Ends"
        type="datetime-local"
        value={draft.expiresAt}
        error={errors.expiresAt}
        onInput={(value) => set('expiresAt', value)}
        help="Empty: never."
      />
      {isNew && (
        <CheckField
          label="May administer the gateway"
          checked={draft.isAdmin}
          onChange={(checked) => set('isAdmin', checked)}
          help="Reaches keys, usage, configuration and the details of health. Programs that only use models do not need it."
        />
      )}
    </>
  );
}
