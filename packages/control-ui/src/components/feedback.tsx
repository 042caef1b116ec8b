/** What stands where there is nothing to show: because there is nothing, because it failed, or because it is on its way. */
import type { ComponentChildren } from 'preact';
import { describeError } from '../errors.ts';
import type { Live } from '../live/use-live.ts';
import { Icon } from './icon.tsx';

/** Text in which commands and names stand between backticks. */
export function Words({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

export function ErrorNote({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const { message, code, hint } = describeError(error);
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="alert" />
      <div>
        <p>{message}</p>
        {hint !== undefined && (
          <p class="note">
            <Words text={hint} />
          </p>
        )}
        {code !== undefined && <p class="note mono">{code}</p>}
      </div>
      {onRetry !== undefined && (
        <button type="button" class="button button-small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export interface NoticeProps {
  readonly tone: 'info' | 'warn' | 'bad' | 'ok';
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
}

const noticeIcons = { ok: 'check', info: 'info', warn: 'alert', bad: 'alert' } as const;

export function Notice({ tone, children, actions }: NoticeProps) {
  return (
    <div class={`notice notice-${tone}`}>
      <Icon name={noticeIcons[tone]} />
      <div>{children}</div>
      {actions}
    </div>
  );
}

/** What is on its way. It shows after a moment only, so that quick answers do not flicker. */
export function Waiting({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div class="waiting" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="waiting-line" />
      ))}
    </div>
  );
}

export interface LoadedProps<T> {
  readonly live: Live<T>;
  readonly lines?: number;
  readonly children: (value: T) => ComponentChildren;
}

/** The answer once it is there; an old answer stays while a newer one fails, and the failure is said above it. */
export function Loaded<T>({ live, lines = 3, children }: LoadedProps<T>) {
  const { value, error, refresh } = live;
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={refresh} />}
      {value === undefined ? error === undefined && <Waiting lines={lines} /> : children(value)}
    </>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <div class="note">{children}</div>}
    </div>
  );
}
