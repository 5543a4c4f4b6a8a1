import type { TargetedKeyboardEvent, VNode } from 'preact';

export interface TabsProps<Id extends string> {
  readonly tabs: readonly { readonly id: Id; readonly text: string }[];
  readonly chosen: Id;
  readonly onChoose: (id: Id) => void;
}

/**
 * Tabs as https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ describes them: the Tab key stops once, and the arrow keys
 * change the tab.
 */
export function Tabs<Id extends string>({ tabs, chosen, onChoose }: TabsProps<Id>): VNode {
  function handleKey(event: TargetedKeyboardEvent<HTMLDivElement>): void {
    const index = tabs.findIndex(({ id }) => id === chosen);
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: (index + 1) % tabs.length,
      ArrowLeft: (index + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const target = Object.hasOwn(targets, event.key) ? targets[event.key] : undefined;
    const tab = target === undefined ? undefined : tabs[target];
    if (tab === undefined) return;
    event.preventDefault();
    onChoose(tab.id);
    document.getElementById(`tab-${tab.id}`)?.focus();
  }
  return (
    <div class="tabs" role="tablist" aria-label="Views" onKeyDown={handleKey}>
      {tabs.map(({ id, text }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === chosen}
          aria-controls={`view-${id}`}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
