/** Short messages about what was just done; read out, and gone by themselves unless they tell of a failure. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { after } from '../clock.ts';
import { describeError } from '../errors.ts';
import { Icon } from './icon.tsx';

export interface Toast {
  readonly id: number;
  readonly tone: 'ok' | 'bad';
  readonly text: string;
  readonly hint?: string | undefined;
}

export interface Toasts {
  readonly shown: ReadonlySignal<readonly Toast[]>;
  ok(text: string): void;
  /** Stays until it is closed. */
  failed(what: string, error: unknown): void;
  close(id: number): void;
}

const shownMs = 4000;
const toastsLimit = 4;

export function createToasts(): Toasts {
  const shown = signal<readonly Toast[]>([]);
  let count = 0;
  const close = (id: number): void => {
    shown.value = shown.value.filter((toast) => toast.id !== id);
  };
  const add = (toast: Omit<Toast, 'id'>): number => {
    count += 1;
    shown.value = [...shown.value, { ...toast, id: count }].slice(-toastsLimit);
    return count;
  };
  return {
    shown,
    ok(text) {
      const id = add({ tone: 'ok', text });
      after(shownMs, () => close(id));
    },
    failed(what, error) {
      const { message, hint } = describeError(error);
      add({ tone: 'bad', text: `${what}: ${message}`, hint });
    },
    close,
  };
}

export function ToastList({ toasts }: { readonly toasts: Toasts }) {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.shown.value.map(({ id, tone, text, hint }) => (
        <div key={id} class={`toast toast-${tone}`}>
          <Icon name={tone === 'ok' ? 'check' : 'alert'} />
          <p>
            {text}
            {hint !== undefined && <span class="note">{hint}</span>}
          </p>
          <button type="button" class="icon-button" aria-label="Close this message" onClick={() => toasts.close(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
