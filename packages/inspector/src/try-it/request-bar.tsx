import type { VNode } from 'preact';
import type { InspectedApp } from '../../../certgate/src/trust/views/page-views.js';
import { fillRoute, listRouteParameters } from './route-parameters.js';
import { type TryDraft, chooseFunction, listCallable, listMethods } from './try-draft.js';

export interface RequestBarProps {
  readonly app: InspectedApp;
  readonly draft: TryDraft;
  readonly isSending: boolean;
  readonly onChange: (part: Partial<TryDraft>) => void;
}

/**
 * The form for a request, in the order of a request line. Headers and body are behind one more click, except for MCP
 * functions.
 */
export function RequestBar({ app, draft, isSending, onChange }: RequestBarProps): VNode {
  const functions = listCallable(app);
  const chosen = functions.find(({ name }) => name === draft.functionName);
  const parameters = listRouteParameters(chosen?.route ?? '');
  const setParameter = (name: string, value: string): void => {
    const values = { ...draft.parameters, [name]: value };
    onChange({ parameters: values, target: fillRoute(chosen?.route ?? '', values) });
  };
  return (
    <div class="request">
      <div class="request-bar">
        <select
          class="function-choice"
          aria-label="Function"
          value={draft.functionName}
          onChange={({ currentTarget: { value } }) => {
            const next = functions.find(({ name }) => name === value);
            if (next !== undefined) onChange(chooseFunction(next, draft));
          }}
        >
          {functions.map(({ name, policy, mcp }) => (
            <option key={name} value={name}>
              {name}
              {mcp !== null && ` (MCP ${mcp.kind})`} — {policy}
            </option>
          ))}
        </select>
        <select
          class="method-choice mono"
          aria-label="Method"
          value={draft.method}
          onChange={({ currentTarget }) => onChange({ method: currentTarget.value })}
        >
          {(chosen === undefined ? [] : listMethods(chosen)).map((method) => (
            <option key={method}>{method}</option>
          ))}
        </select>
        <input
          class="target mono"
          aria-label="Target: path and query"
          spellcheck={false}
          autocomplete="off"
          value={draft.target}
          onInput={({ currentTarget }) => onChange({ target: currentTarget.value })}
        />
        <button type="submit" class="primary send" disabled={isSending}>
          Send
        </button>
      </div>
      <div class="request-parts">
        {parameters.map(({ name, constraint, isOptional }) => (
          <label key={name} class="parameter">
            <span>{name}</span>
            <input
              class="mono"
              spellcheck={false}
              autocomplete="off"
              placeholder={isOptional ? 'may be empty' : (constraint ?? '')}
              value={draft.parameters[name] ?? ''}
              onInput={({ currentTarget }) => setParameter(name, currentTarget.value)}
            />
          </label>
        ))}
        <details class="headers-and-body" key={chosen?.name} open={chosen?.mcp != null}>
          <summary>
            Headers and body
            {(draft.headers !== '' || draft.body !== '') && <span class="dim"> (set)</span>}
          </summary>
          <div class="headers-and-body-fields">
            <label>
              <span>Headers, one on each line</span>
              <textarea
                class="mono"
                rows={4}
                spellcheck={false}
                placeholder="content-type: application/json"
                value={draft.headers}
                onInput={({ currentTarget }) => onChange({ headers: currentTarget.value })}
              />
            </label>
            <label>
              <span>Body</span>
              <textarea
                class="mono"
                rows={Math.min(Math.max(draft.body.split('\n').length, 4), 14)}
                spellcheck={false}
                value={draft.body}
                onInput={({ currentTarget }) => onChange({ body: currentTarget.value })}
              />
            </label>
          </div>
        </details>
      </div>
    </div>
  );
}
