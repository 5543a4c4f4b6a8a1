import { type ComponentChildren, Fragment, type VNode } from 'preact';

/** The color of a badge or notice. A color must never be the only sign: a word or an icon says the same. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'info';

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): VNode {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Notice({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }): VNode {
  return <div class={`notice ${tone}`}>{children}</div>;
}

/** The name of a function. A line may break only between the words of the name. */
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
