import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ShownFunction, TrustAuthorityView, TrustView } from '../../../certgate/src/trust/views/page-views.js';
import { announce } from '../parts/announcer.js';
import { Facts } from '../parts/facts.js';
import { formatClock, formatDay } from '../parts/format.js';
import { Badge, FunctionName, Notice } from '../parts/notice.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';
import { TimeLine, Warnings, listOtherWarnings } from './time-line.js';

export interface TrustPanelProps {
  readonly api: Api;
  readonly isActive: boolean;
  /** The revision in use, which the header shows. Null if it is unknown. */
  readonly inUse: number | null;
  /** True if `inUse` comes from the app, which reads the document by itself. */
  readonly isByApp: boolean;
}

/**
 * Shows the trust document. It is read again whenever the user opens this view, and whenever the revision in use changes
 * while the view is open, because somebody may have changed the document meanwhile.
 */
export function TrustPanel({ api, isActive, inUse, isByApp }: TrustPanelProps): VNode {
  const { answer: view, fault, ask } = useAnswer<TrustView>();
  const load = (): void => {
    ask(api.getTrust(), ({ identities, warnings }) =>
      announce(`${identities.length} identities, ${warnings.length} warnings.`),
    );
  };
  useEffect(() => {
    if (isActive) load();
  }, [isActive, inUse]);
  if (fault !== undefined) {
    return (
      <div class="page">
        <Notice tone="warn">{fault}</Notice>
      </div>
    );
  }
  if (view === undefined) return <div class="empty">Reading the trust document …</div>;
  return (
    <div class="page trust">
      <header class="page-head">
        <h2>
          <span class="store">{view.store}</span> <span class="dim">revision {view.revision}</span>
        </h2>
        <span class="dim">
          as of {formatDay(view.at)} {formatClock(view.at).slice(0, 8)}
        </span>
        <button type="button" onClick={load}>
          Read again
        </button>
      </header>
      {isByApp && inUse !== null && inUse !== view.revision && (
        <Notice tone="info">
          The app uses revision {inUse}. It has not read revision {view.revision} yet, or does not accept it.
        </Notice>
      )}
      {view.locked !== null && <Notice tone="bad">Trust is locked, and everybody is refused: {view.locked}</Notice>}
      <Warnings warnings={listOtherWarnings(view)} />
      <section class="panel" aria-label="Time line">
        {view.identities.length === 0 && view.authorities.length === 0 ? (
          <p class="empty small">
            The document lists no identity, so nobody is admitted. <code>certgate trust add</code> adds one.
          </p>
        ) : (
          <>
            <TimeLine view={view} />
            <p class="dim legend">
              Green: valid. Amber: ends soon, as <code>certgate trust check</code> says. Red: ended. Outline: begins
              later. Grey: disabled. A band is blue while two are valid. Where nobody is admitted, it is red now and
              soon, else grey.
            </p>
          </>
        )}
      </section>
      <div class="trust-columns">
        <Authorities authorities={view.authorities} />
        <Denied denied={view.denied} />
        <Coverage functions={view.coverage} />
      </div>
    </div>
  );
}

function Authorities({ authorities }: { readonly authorities: readonly TrustAuthorityView[] }): VNode {
  return (
    <section class="panel" aria-label="Authorities">
      <h3 class="panel-title">Authorities, and whom they vouch for</h3>
      {authorities.length === 0 && <p class="dim">None: certificates are pinned one by one.</p>}
      {authorities.map(({ name, revocation, vouchesFor }) => (
        <div key={name} class="authority">
          <h4>{name}</h4>
          <p class="dim">Revocation: {revocation}</p>
          <Facts facts={vouchesFor.map((each) => [each.identity, each.name])} />
          {vouchesFor.length === 0 && <p class="dim">Admits nobody: no identity has a name under it.</p>}
        </div>
      ))}
    </section>
  );
}

function Denied({ denied }: Pick<TrustView, 'denied'>): VNode {
  return (
    <section class="panel" aria-label="Deny list">
      <h3 class="panel-title">Deny list</h3>
      {denied.length === 0 && <p class="dim">Empty. "certgate trust deny" adds a certificate.</p>}
      <Facts facts={denied.map(({ label, reason }) => [label, reason ?? 'no reason given'])} kind="denied" />
    </section>
  );
}

function Coverage({ functions }: { readonly functions: readonly ShownFunction[] }): VNode {
  return (
    <section class="panel" aria-label="Coverage">
      <h3 class="panel-title">Functions, and who may call them</h3>
      {functions.length === 0 && <p class="dim">None. "certgate dev" shows those of its app here.</p>}
      {functions.length > 0 && (
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Function</th>
              <th scope="col">Open to</th>
              <th scope="col">Covered</th>
            </tr>
          </thead>
          <tbody>
            {functions.map((each) => (
              <tr key={each.name}>
                <th scope="row" title={each.route ?? each.triggerType}>
                  <FunctionName name={each.name} />
                </th>
                <td>{each.policy}</td>
                <td>
                  <CoverageBadge inspected={each} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function CoverageBadge({ inspected: { isCovered, kind } }: { readonly inspected: ShownFunction }): VNode {
  if (kind === 'other') return <span class="dim">no HTTP</span>;
  if (isCovered) return <Badge tone="good">gate</Badge>;
  return kind === 'anonymous' ? <Badge tone="info">public</Badge> : <Badge tone="bad">no gate</Badge>;
}
