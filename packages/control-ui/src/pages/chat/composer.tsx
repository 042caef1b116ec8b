/** Where one writes: Enter sends, Shift and Enter begin a new line, Escape stops the answer. What is not sent yet outlives a reload. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../components/icon.tsx';
import type { Outbox } from './outbox.ts';

export interface ComposerProps {
  readonly sessionKey: string;
  readonly outbox: Outbox;
  readonly isAnswering: boolean;
  /** Why nothing can be sent now; undefined where it can. */
  readonly closedBecause: string | undefined;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
}

export function Composer({ sessionKey, outbox, isAnswering, closedBecause, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState(() => outbox.draft(sessionKey));
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (matchMedia('(min-width: 821px)').matches) field.current?.focus();
  }, [sessionKey]);
  const change = (next: string): void => {
    setText(next);
    outbox.keepDraft(sessionKey, next);
  };
  const canSend = !isAnswering && closedBecause === undefined && text.trim() !== '';
  const send = (): void => {
    if (!canSend) return;
    onSend(text.trim());
    change('');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While a word is put together with an input method, Enter belongs to that.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        class="composer-text"
        aria-label="Message"
        aria-describedby="composer-help"
        placeholder="Write a message"
        rows={1}
        maxLength={400_000}
        value={text}
        disabled={closedBecause !== undefined}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <SendButton {...{ isAnswering, canSend, onStop }} />
      <p id="composer-help" class="note composer-help">
        {closedBecause ?? (
          <>
            <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> begins a line, <kbd>Esc</kbd> stops the answer
          </>
        )}
      </p>
    </form>
  );
}

function SendButton({
  isAnswering,
  canSend,
  onStop,
}: {
  readonly isAnswering: boolean;
  readonly canSend: boolean;
  readonly onStop: () => void;
}) {
  return isAnswering ? (
    <button type="button" class="button composer-button" onClick={onStop}>
      <Icon name="stop" size={16} /> Stop
    </button>
  ) : (
    <button type="submit" class="button button-primary composer-button" disabled={!canSend}>
      <Icon name="send" size={16} /> Send
    </button>
  );
}
