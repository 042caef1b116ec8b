/** Keys that lead to the pages: `g`, then a letter. They are off while somebody types. */
import { useEffect } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { after } from '../clock.ts';
import { Dialog } from '../components/dialog.tsx';
import { pages } from '../pages/index.ts';

/** How long the second key may take. */
const sequenceMs = 1500;

export function useShortcuts({ onHelp }: { readonly onHelp: () => void }): void {
  const { go } = useApp();
  useEffect(() => {
    const leaving = new AbortController();
    let isAwaiting = false;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return;
      if (isAwaiting) {
        isAwaiting = false;
        const page = pages.find(({ shortcut }) => shortcut === event.key);
        if (page) go([page.id]);
      } else if (event.key === 'g') {
        isAwaiting = true;
        after(sequenceMs, () => (isAwaiting = false));
      } else if (event.key === '?') onHelp();
    };
    document.addEventListener('keydown', onKey, { signal: leaving.signal });
    return () => leaving.abort();
  }, [go, onHelp]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));
}

export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {pages.map(({ id, title, shortcut }) => (
          <div key={id}>
            <dt>
              <kbd>g</kbd> <kbd>{shortcut}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>This list</dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close what lies above the page</dd>
        </div>
      </dl>
    </Dialog>
  );
}
