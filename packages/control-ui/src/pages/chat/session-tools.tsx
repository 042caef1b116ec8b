/** What is done with one conversation: its model, its name, beginning anew, deleting it. */
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Confirm } from '../../components/dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { RenameDialog } from '../../components/rename-dialog.tsx';
import type { ModelRow } from './use-chat.ts';

export interface SessionToolsProps {
  readonly sessionKey: string;
  readonly name: string;
  readonly model: string | undefined;
  readonly defaultModel: string | undefined;
  readonly models: readonly ModelRow[];
  /** The session is another one now; `gone` where there is none any more. */
  readonly onChanged: (how: 'changed' | 'emptied' | 'gone') => void;
}

type Open = 'rename' | 'reset' | 'delete' | undefined;

export function SessionTools({ sessionKey, name, model, defaultModel, models, onChanged }: SessionToolsProps) {
  const { connection, toasts } = useApp();
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const call = async (method: string, params: object, how: 'changed' | 'emptied' | 'gone'): Promise<void> => {
    try {
      await connection.request(method, { key: sessionKey, ...params });
      onChanged(how);
    } catch (error) {
      toasts.failed('The conversation was not changed', error);
    }
  };
  const isAdmin = connection.may('operator.admin');
  return (
    <>
      <ModelSelect
        {...{ model, defaultModel, models }}
        disabled={!connection.may('operator.sessions.write')}
        onChange={(next) => void call('sessions.patch', { model: next }, 'changed')}
      />
      <ToolButton icon="edit" label="Rename" onClick={() => setOpen('rename')} disabled={!connection.may('operator.sessions.write')} />
      <ToolButton icon="refresh" label="Begin anew" onClick={() => setOpen('reset')} disabled={!isAdmin} />
      <ToolButton icon="trash" label="Delete" onClick={() => setOpen('delete')} disabled={!isAdmin} />
      {open === 'rename' && (
        <RenameDialog
          title="Rename the conversation"
          name={name}
          helpOfEmpty="Empty: it has no name of its own."
          onClose={close}
          onRename={(label) => void call('sessions.patch', { label: label === '' ? null : label }, 'changed')}
        />
      )}
      {open === 'reset' && (
        <Confirm
          title={`Begin ${name} anew?`}
          action="Begin anew"
          isDangerous
          onClose={close}
          onConfirm={() => void call('sessions.reset', {}, 'emptied')}
        >
          An answer under way is stopped, and all of its messages are forgotten. Name and model stay.
        </Confirm>
      )}
      {open === 'delete' && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete"
          isDangerous
          onClose={close}
          onConfirm={() => void call('sessions.delete', {}, 'gone')}
        >
          An answer under way is stopped, and the conversation is forgotten with all of its messages. This cannot be taken back.
        </Confirm>
      )}
    </>
  );
}

interface ToolButtonProps {
  readonly icon: 'edit' | 'refresh' | 'trash';
  readonly label: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
}

function ToolButton({ icon, label, disabled, onClick }: ToolButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

interface ModelSelectProps {
  readonly model: string | undefined;
  readonly defaultModel: string | undefined;
  readonly models: readonly ModelRow[];
  readonly disabled: boolean;
  readonly onChange: (model: string | null) => void;
}

function ModelSelect({ model, defaultModel, models, disabled, onChange }: ModelSelectProps) {
  const names = models.map(({ key }) => key);
  const others = model !== undefined && !names.includes(model) ? [model] : [];
  return (
    <select
      class="input model-select"
      aria-label="Model"
      value={model ?? ''}
      disabled={disabled}
      onChange={({ currentTarget: { value } }) => onChange(value === '' ? null : value)}
    >
      <option value="">{defaultModel === undefined ? 'default model' : `${defaultModel} (default)`}</option>
      {[...others, ...names].map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
