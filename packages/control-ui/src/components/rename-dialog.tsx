/** Asks for another name. */
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { TextField } from './fields.tsx';

export interface RenameDialogProps {
  readonly title: string;
  readonly name: string;
  /** What an empty name means; without it a name must be given. */
  readonly helpOfEmpty?: string;
  /** Trimmed; empty only where `helpOfEmpty` allows it. */
  readonly onRename: (name: string) => void;
  readonly onClose: () => void;
}

export function RenameDialog({ title, name, helpOfEmpty, onRename, onClose }: RenameDialogProps) {
  const [value, setValue] = useState(name);
  const more = helpOfEmpty === undefined ? { required: true } : { help: helpOfEmpty };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (value.trim() === '' && helpOfEmpty === undefined) return;
          onRename(value.trim());
          onClose();
        }}
      >
        <TextField label="Name" value={value} onInput={setValue} autoFocus {...more} />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary">
            Rename
          </button>
        </div>
      </form>
    </Dialog>
  );
}
