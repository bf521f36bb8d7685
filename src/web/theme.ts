import { computed, signal } from '@preact/signals';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const key = 'drover-theme';

/** As the system has it. */
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const dark = signal(systemDark.matches);
systemDark.addEventListener('change', ({ matches }) => {
  dark.value = matches;
});

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

/** What is shown now: for what is drawn, and does not follow the style sheet by itself. */
export const shownTheme = computed(() => {
  if (theme.value !== 'auto') return theme.value;
  return dark.value ? 'dark' : 'light';
});
