/** Something to copy: a command, a key, an answer. Where the browser gives no clipboard (plain http), it is copied by a selection instead. */
import { useRef, useState } from 'preact/hooks';
import { after } from '../clock.ts';
import { Icon } from './icon.tsx';

const copiedMs = 2000;

export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const element = useRef<HTMLElement>(null);
  return (
    <span class="copy-text">
      <code ref={element}>{text}</code>
      <CopyButton text={text} label={label} select={() => selectAll(element.current)} />
    </span>
  );
}

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, in words: `the key`. */
  readonly label: string;
  /** Leaves the text selected where even a selection cannot be copied. */
  readonly select?: () => void;
}

export function CopyButton({ text, label, select }: CopyButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');
  const copy = async (): Promise<void> => {
    const isCopied = (await writeClipboard(text)) || copyBySelection(text, button.current);
    if (!isCopied) select?.();
    setState(isCopied ? 'copied' : 'selected');
    after(copiedMs, () => setState('idle'));
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={`Copy ${label}`}
        title={`Copy ${label}`}
        onClick={() => void copy()}
      >
        <Icon name={state === 'copied' ? 'check' : 'copy'} size={16} />
      </button>
      <span class="sr-only" role="status">
        {{ idle: '', copied: 'Copied', selected: 'Select it and copy it with the keyboard' }[state]}
      </span>
    </>
  );
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    // Absent on pages that are not secure, whatever the types say.
    await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
    return isSecureContext;
  } catch {
    // Refused by the browser: the other way is left.
    return false;
  }
}

/** Only what is selected can be copied so, and a dialog keeps the focus within itself: the field stands beside the button. */
function copyBySelection(text: string, button: HTMLElement | null): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'sr-only';
  button?.after(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  button?.focus();
  return isCopied;
}

function selectAll(element: HTMLElement | null): void {
  if (element !== null) getSelection()?.selectAllChildren(element);
}
