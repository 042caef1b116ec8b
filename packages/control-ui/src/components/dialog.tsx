/** What lies above the page until it is closed: a dialog in the middle or a drawer at the side. Focus stays within; Escape closes it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** @default 'dialog' */
  readonly kind?: 'dialog' | 'drawer';
  /** A click beside it closes it. Off where something would be lost. @default true */
  readonly closesOutside?: boolean;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, kind = 'dialog', closesOutside = true, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  const onClick = (event: MouseEvent): void => {
    if (closesOutside && event.target === element.current) onClose();
  };
  const onCancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={element} class={kind} aria-labelledby={id} onClick={onClick} onCancel={onCancel}>
      <div class="dialog-frame">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}

export interface ConfirmProps {
  readonly title: string;
  /** What happens, and what does not come back. */
  readonly children: ComponentChildren;
  /** What the button says: the deed itself, not "OK". */
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, children, action, isDangerous = false, onConfirm, onClose }: ConfirmProps) {
  const confirm = (): void => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">
        <div>{children}</div>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="button" class={`button ${isDangerous ? 'button-danger' : 'button-primary'}`} onClick={confirm}>
            {action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
