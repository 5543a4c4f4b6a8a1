import type { VNode } from 'preact';
import type { InspectedApp, MatrixCell, MatrixResult } from '../../../certgate/src/trust/views/page-views.js';
import { announce } from '../parts/announcer.js';
import { FunctionName, Notice } from '../parts/notice.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';
import { listCallable } from './try-draft.js';

export interface MatrixPanelProps {
  readonly api: Api;
  readonly app: InspectedApp;
  readonly chosen: { readonly functionName: string; readonly callerId: string };
  readonly onChoose: (functionName: string, callerId: string) => void;
}

/** Calls every function as every caller, without the calls that would run the user's code, and shows the verdicts. */
export function MatrixPanel({ api, app, chosen, onChoose }: MatrixPanelProps): VNode {
  const { answer, fault, isAsking, ask } = useAnswer<MatrixResult>();
  const cells = new Map(answer?.cells.map((cell) => [`${cell.functionName} ${cell.callerId}`, cell]));
  const run = (): void => ask(api.runMatrix(), (result) => announce(`${result.cells.length} verdicts.`));
  return (
    <section class="panel matrix" aria-label="Callers and functions">
      <header class="panel-head">
        <h2 class="panel-title">Every caller, every function</h2>
        <button type="button" disabled={isAsking} onClick={run}>
          {cells.size === 0 ? 'Call them' : 'Call them again'}
        </button>
      </header>
      {fault !== undefined && <Notice tone="warn">{fault}</Notice>}
      <div class="matrix-scroll" tabIndex={0} role="region" aria-label="Matrix">
        <table>
          <thead>
            <tr>
              <th scope="col">Function</th>
              {app.callers.map(({ id, label, description }) => (
                <th key={id} scope="col" title={description} class="matrix-caller">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listCallable(app).map(({ name, policy }) => (
              <tr key={name}>
                <th scope="row">
                  <span class="matrix-function">
                    <FunctionName name={name} />
                  </span>
                  <span class="dim">{policy}</span>
                </th>
                {app.callers.map(({ id, label }) => (
                  <td key={id}>
                    <CellButton
                      cell={cells.get(`${name} ${id}`)}
                      label={`${name} as ${label}`}
                      isChosen={chosen.functionName === name && chosen.callerId === id}
                      onChoose={() => onChoose(name, id)}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="dim matrix-note">
        Calls that would run your code are not sent: the cell shows what the gate would do, in outline. Choose a cell to
        fill in the form.
      </p>
    </section>
  );
}

interface CellButtonProps {
  readonly cell: MatrixCell | undefined;
  readonly label: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function CellButton({ cell, label, isChosen, onChoose }: CellButtonProps): VNode {
  const described = describeCell(cell);
  return (
    <button
      type="button"
      class={`cell ${described.tone}`}
      aria-pressed={isChosen}
      aria-label={`${label}: ${described.text}`}
      title={`${label}: ${described.text}`}
      onClick={onChoose}
    >
      {described.shown}
    </button>
  );
}

function describeCell(cell: MatrixCell | undefined): Readonly<Record<'tone' | 'text' | 'shown', string>> {
  if (cell === undefined) return { tone: '', text: 'not called yet', shown: '·' };
  const { status, expected, code } = cell;
  const tone = expected === 'allowed' ? 'good' : 'bad';
  if (status === null) return { tone: `${tone} outline`, text: `would be ${expected}, ${code}`, shown: expected };
  const isAsExpected = status < 400 === (expected === 'allowed');
  const note = isAsExpected ? '' : `, but ${expected} was expected`;
  return { tone: isAsExpected ? tone : 'warn', text: `${status}, ${code}${note}`, shown: String(status) };
}
