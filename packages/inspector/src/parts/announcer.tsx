import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';

let listener: ((text: string) => void) | undefined;

/** Announces the text to users of screen readers, if the page is rendered. */
export function announce(text: string): void {
  listener?.(text);
}

/** The page's only polite live region, because several of them would interrupt each other. */
export function Announcer(): VNode {
  const [text, setText] = useState('');
  useEffect(() => {
    listener = setText;
    return () => {
      listener = undefined;
    };
  }, []);
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
