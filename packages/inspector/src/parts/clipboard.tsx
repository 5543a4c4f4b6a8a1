import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from './announcer.js';
import { CopyIcon, TickIcon } from './icons.js';

export interface CopyButtonProps {
  readonly text: string;
  /** Says what the button copies, for screen readers: `Copy the curl line`. */
  readonly label: string;
}

export function CopyButton({ text, label }: CopyButtonProps): VNode {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        announce('Copied.');
        setTimeout(() => setCopied(false), 1_500);
      },
      () => announce('The browser does not allow copying. Select the text instead.'),
    );
  };
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={copy}>
      {isCopied ? <TickIcon /> : <CopyIcon />}
    </button>
  );
}

/** A command in the form in which the user types it, with a button that copies it. */
export function CommandLine({ text, label }: CopyButtonProps): VNode {
  return (
    <div class="command">
      <code>
        {/* Words alternate with the spaces and line ends between them. These stay as they are, because a line end may end a comment of the shell. */}
        {text.split(/([ \n]+)/).map((part, index) =>
          index % 2 === 1 ? (
            part
          ) : (
            <span key={index} class="word">
              {part}
            </span>
          ),
        )}
      </code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
