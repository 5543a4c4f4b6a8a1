import { Fragment, type VNode } from 'preact';
import { useState } from 'preact/hooks';
import { announce } from './announcer.js';
import { CopyIcon, TickIcon } from './icons.js';

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for screen readers: `Copy the curl line`. */
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

/** A command as it is to be typed, with its button. */
export function CommandLine({ text, label }: CopyButtonProps): VNode {
  return (
    <div class="command">
      <code>
        {text.split(' ').map((word, index) => (
          <Fragment key={index}>
            {index > 0 && ' '}
            <span class="word">{word}</span>
          </Fragment>
        ))}
      </code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
