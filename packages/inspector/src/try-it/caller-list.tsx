import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { AddedCaller, DroppedFile, InspectedCaller } from '../../../certgate/src/trust/views/page-views.js';
import { DropZone } from '../parts/drop-zone.js';
import { CrossIcon } from '../parts/icons.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';

export interface CallerListProps {
  readonly api: Api;
  readonly callers: readonly InspectedCaller[];
  /** The ID of the chosen caller. */
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** Lets the user choose a caller: one that the tool made for the app, or one of the user's own. */
export function CallerList({ api, callers, chosen, onChoose }: CallerListProps): VNode {
  return (
    <fieldset class="callers panel">
      <legend class="panel-title">Call as</legend>
      <div class="caller-choices">
        {callers.map(({ id, label, description, subject, isTrusted, isDropped }) => (
          <div key={id} class="caller" title={subject ?? ''}>
            <label class="caller-choice">
              <input type="radio" name="caller" value={id} checked={chosen === id} onChange={() => onChoose(id)} />
              <span class="caller-text">
                <span class="caller-label">
                  {label}
                  {isTrusted && <span class="tag good">trusted</span>}
                </span>
                <span class="dim">{description}</span>
              </span>
            </label>
            {isDropped && (
              <RemoveButton label={`Forget the caller ${label}`} onClick={() => void api.forgetCaller(id)} />
            )}
          </div>
        ))}
      </div>
      <OwnFiles api={api} onAdded={onChoose} />
    </fieldset>
  );
}

interface OwnFilesProps {
  readonly api: Api;
  readonly onAdded: (id: string) => void;
}

/** Takes the user's own caller. Its certificate and its key may come one after the other, in any order. */
function OwnFiles({ api, onAdded }: OwnFilesProps): VNode {
  const [files, setFiles] = useState<readonly DroppedFile[]>([]);
  const [password, setPassword] = useState('');
  const { answer, fault, ask } = useAnswer<AddedCaller>();
  function add(given: readonly DroppedFile[]): void {
    setFiles(given);
    const opened = given.map((file) => ({ ...file, password: password === '' ? null : password }));
    ask(api.addCaller(opened), ({ id }) => {
      if (id === null) return;
      setFiles([]);
      setPassword('');
      onAdded(id);
    });
  }
  return (
    <>
      {files.length > 0 && (
        <div class="caller own">
          <div class="caller-text">
            <span class="caller-label">{files.map(({ name }) => name).join(' and ')}</span>
            <span class="dim" role="alert">
              {fault ?? answer?.fault}
            </span>
            <label class="password">
              <span>Password</span>
              <input
                type="password"
                autocomplete="off"
                value={password}
                onInput={({ currentTarget }) => setPassword(currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter') return;
                  // Otherwise, the request would be sent as the caller that is chosen now.
                  event.preventDefault();
                  add(files);
                }}
              />
            </label>
            <button type="button" onClick={() => add(files)}>
              Open
            </button>
          </div>
          <RemoveButton label="Forget the files" onClick={() => setFiles([])} />
        </div>
      )}
      <DropZone
        text="or drop a PFX, or a certificate and its key in PEM. They stay in memory."
        multiple
        onFiles={(dropped) => add(listWithKept(files, dropped))}
      />
    </>
  );
}

/** A PFX is complete. Other files are joined with the one before, which may be the certificate or its key. */
function listWithKept(kept: readonly DroppedFile[], dropped: readonly DroppedFile[]): readonly DroppedFile[] {
  const isComplete = dropped.some(({ name }) => /\.(?:pfx|p12)$/i.test(name));
  return isComplete ? dropped.slice(-1) : [...kept, ...dropped].slice(-2);
}

function RemoveButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }): VNode {
  return (
    <button type="button" class="icon-button" aria-label={label} onClick={onClick}>
      <CrossIcon />
    </button>
  );
}
