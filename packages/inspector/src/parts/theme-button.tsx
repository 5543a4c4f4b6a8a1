import type { VNode } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { ThemeIcon } from './icons.js';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const storageKey = 'certgate-inspector-theme';

/** Changes the theme from the system's to light, to dark and back. The browser keeps the choice. */
export function ThemeButton(): VNode {
  const [theme, setTheme] = useState<Theme>(readTheme);
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(storageKey, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  const label = `Theme: ${theme}. Change to ${next}`;
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={() => setTheme(next)}>
      <ThemeIcon />
    </button>
  );
}

function readTheme(): Theme {
  const kept = localStorage.getItem(storageKey);
  return themes.find((theme) => theme === kept) ?? 'system';
}
