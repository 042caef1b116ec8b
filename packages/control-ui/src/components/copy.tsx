/** Something to copy: a command, a key. Where the browser gives no clipboard (plain http), it is selected instead. */
import { useRef, useState } from 'preact/hooks';
import { after } from '../clock.ts';
import { Icon } from './icon.tsx';

const copiedMs = 2000;

export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const element = useRef<HTMLElement>(null);
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');
  const copy = async (): Promise<void> => {
    setState((await writeClipboard(text)) || selectAndCopy(element.current) ? 'copied' : 'selected');
    after(copiedMs, () => setState('idle'));
  };
  return (
    <span class="copy-text">
      <code ref={element}>{text}</code>
      <button type="button" class="icon-button" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        <Icon name={state === 'copied' ? 'check' : 'copy'} size={16} />
      </button>
      <span class="sr-only" role="status">
        {{ idle: '', copied: 'Copied', selected: 'Selected: copy it with the keyboard' }[state]}
      </span>
    </span>
  );
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    // Absent on pages that are not secure, whatever the types say.
    await (navigator.clipboard as Clipboard | undefined)?.writeText(text);
    return isSecureContext;
  } catch {
    // Refused by the browser: the selection is left.
    return false;
  }
}

function selectAndCopy(element: HTMLElement | null): boolean {
  if (element === null) return false;
  getSelection()?.selectAllChildren(element);
  return document.execCommand('copy');
}
