import { signal } from '@preact/signals';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const key = 'drover-theme';

export const theme = signal<Theme>(themeOf(localStorage.getItem(key)));
apply(theme.value);

export function setTheme(wanted: string): void {
  theme.value = themeOf(wanted);
  localStorage.setItem(key, theme.value);
  apply(theme.value);
}

function themeOf(text: string | null): Theme {
  return themes.find((known) => known === text) ?? 'auto';
}

function apply(wanted: Theme): void {
  document.documentElement.dataset['theme'] = wanted;
}
