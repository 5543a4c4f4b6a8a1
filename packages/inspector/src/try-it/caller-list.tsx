import type { VNode } from 'preact';
import type { InspectedCaller } from '../../../certgate/src/trust/views/page-views.js';
import { DropZone } from '../parts/drop-zone.js';
import { CrossIcon } from '../parts/icons.js';
import type { TryDraft } from './try-draft.js';

export interface CallerListProps {
  readonly callers: readonly InspectedCaller[];
  readonly draft: TryDraft;
  readonly onChange: (part: Partial<TryDraft>) => void;
}

/** Lets the user choose a caller: one that the tool made for the app, or a certificate of the user's own. */
export function CallerList({ callers, draft, onChange }: CallerListProps): VNode {
  return (
    <fieldset class="callers panel">
      <legend class="panel-title">Call as</legend>
      <div class="caller-choices">
        {callers.map(({ id, label, description, subject, isTrusted }) => (
          <label key={id} class="caller" title={subject ?? ''}>
            <input
              type="radio"
              name="caller"
              value={id}
              checked={draft.file === undefined && draft.callerId === id}
              onChange={() => onChange({ callerId: id, file: undefined })}
            />
            <span class="caller-text">
              <span class="caller-label">
                {label}
                {isTrusted && <span class="tag good">trusted</span>}
              </span>
              <span class="dim">{description}</span>
            </span>
          </label>
        ))}
        {draft.file !== undefined && <OwnCaller draft={draft} file={draft.file} onChange={onChange} />}
      </div>
      <DropZone
        text="or drop a PFX, or a PEM with its key. It stays in memory."
        onFile={(file) => onChange({ file })}
      />
    </fieldset>
  );
}

interface OwnCallerProps {
  readonly draft: TryDraft;
  readonly file: NonNullable<TryDraft['file']>;
  readonly onChange: (part: Partial<TryDraft>) => void;
}

function OwnCaller({ file, onChange }: OwnCallerProps): VNode {
  return (
    <div class="caller own">
      <input type="radio" name="caller" aria-label={`The file ${file.name}`} checked readOnly />
      <div class="caller-text">
        <span class="caller-label">{file.name}</span>
        <label class="password">
          <span>Password</span>
          <input
            type="password"
            autocomplete="off"
            value={file.password ?? ''}
            onInput={({ currentTarget: { value } }) =>
              onChange({ file: { ...file, password: value === '' ? null : value } })
            }
          />
        </label>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={`Forget the file ${file.name}`}
        onClick={() => onChange({ file: undefined })}
      >
        <CrossIcon />
      </button>
    </div>
  );
}
