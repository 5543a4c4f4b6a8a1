import { type ComponentChildren, Fragment, type VNode } from 'preact';

/** Colours never stand alone: each has a word or a sign beside it. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'info';

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): VNode {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Notice({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): VNode {
  return <div class={`notice ${tone}`}>{children}</div>;
}

/** A name that is broken between its words, if at all. */
export function FunctionName({ name }: { readonly name: string }): VNode {
  return (
    <>
      {name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[._-])/).map((word, index) => (
        <Fragment key={index}>
          {word}
          <wbr />
        </Fragment>
      ))}
    </>
  );
}

export function getStatusTone(status: number | 'cut'): Tone {
  if (status === 'cut' || status >= 500) return 'warn';
  return status >= 400 ? 'bad' : 'good';
}
