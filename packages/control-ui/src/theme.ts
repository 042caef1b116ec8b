/** Light, dark, or as the system has it; remembered by this browser. */
import { signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'openclaw.theme';

/** What is chosen; charts draw again when it changes. */
export const theme = signal<Theme>('system');

export function restoreTheme(): void {
  const stored = localStorage.getItem(storageKey);
  showTheme(themes.find((each) => each === stored) ?? 'system');
}

export function chooseTheme(chosen: Theme): void {
  if (chosen === 'system') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, chosen);
  showTheme(chosen);
}

function showTheme(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
  theme.value = chosen;
}
