import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { InspectorState } from '../../certgate/src/trust/views/page-views.js';
import { CertificatePanel } from './certificate/certificate-panel.js';
import type { LiveLog } from './live/live-log.js';
import { LiveView } from './live/live-view.js';
import { Announcer } from './parts/announcer.js';
import { GateIcon } from './parts/icons.js';
import { Tabs } from './parts/tabs.js';
import { ThemeButton } from './parts/theme-button.js';
import { Notice } from './parts/verdict.js';
import type { Api, ApiFault } from './session/api.js';
import { TrustPanel } from './trust/trust-panel.js';
import { TryView } from './try-it/try-view.js';

const views = [
  { id: 'try', text: 'Try it' },
  { id: 'live', text: 'Live' },
  { id: 'trust', text: 'Trust' },
  { id: 'certificate', text: 'Certificate' },
] as const;
type ViewId = (typeof views)[number]['id'];

export interface InspectorPageProps {
  /** Undefined: the page was opened without its token. */
  readonly api: Api | undefined;
  readonly log: LiveLog;
}

export function InspectorPage({ api, log }: InspectorPageProps): VNode {
  const [view, setView] = useView();
  const [state, setState] = useState<InspectorState>();
  const [fault, setFault] = useState<ApiFault>();
  useEffect(() => {
    api?.getState().then(setState, (error: unknown) => setFault(error as ApiFault));
  }, [api]);
  const isShut = api === undefined || fault !== undefined;
  return (
    <>
      <header class="top">
        <h1 class="brand">
          <GateIcon />
          <span>certgate inspector</span>
        </h1>
        {!isShut && <Tabs tabs={views} chosen={view} onChoose={setView} />}
        <Source state={state} />
        <ThemeButton />
      </header>
      <main>
        {isShut && <ShutPage fault={fault} />}
        {!isShut &&
          views.map(({ id }) => (
            <View key={id} id={id} chosen={view}>
              {state === undefined ? (
                <div class="empty">Loading …</div>
              ) : (
                <ViewContent id={id} isActive={id === view} api={api} state={state} log={log} />
              )}
            </View>
          ))}
      </main>
      <Announcer />
    </>
  );
}

interface ViewProps {
  readonly id: ViewId;
  readonly chosen: ViewId;
  readonly children: ComponentChildren;
}

/** What is not shown stays: a form keeps what was typed, a list its place. It comes with its first use. */
function View({ id, chosen, children }: ViewProps): VNode {
  const [isOpened, setOpened] = useState(id === chosen);
  useEffect(() => {
    if (id === chosen) setOpened(true);
  }, [id, chosen]);
  return (
    <div class="view" role="tabpanel" id={`view-${id}`} aria-labelledby={`tab-${id}`} hidden={id !== chosen}>
      {(isOpened || id === chosen) && children}
    </div>
  );
}

interface ViewContentProps {
  readonly id: ViewId;
  readonly isActive: boolean;
  readonly api: Api;
  readonly state: InspectorState;
  readonly log: LiveLog;
}

function ViewContent({ id, isActive, api, state, log }: ViewContentProps): VNode {
  switch (id) {
    case 'try':
      return state.app === null ? <NoApp /> : <TryView api={api} app={state.app} />;
    case 'live':
      return <LiveView api={api} log={log} isActive={isActive} gatewayUrl={state.app?.url ?? null} />;
    case 'trust':
      return <TrustPanel api={api} isActive={isActive} />;
    case 'certificate':
      return <CertificatePanel api={api} />;
  }
}

function NoApp(): VNode {
  return (
    <div class="empty">
      <p>
        <strong>There is no app to call.</strong>
      </p>
      <p>
        The page was opened for the trust views alone. <code>npx --no-install certgate dev</code>, in your app, opens it
        with the app.
      </p>
    </div>
  );
}

/** Which gateway and which document this page speaks of. */
function Source({ state }: { readonly state: InspectorState | undefined }): VNode {
  if (state === undefined) return <p class="source" />;
  const { app, trust } = state;
  return (
    <p class="source">
      {app !== null && <span class="mono">{app.url}</span>}
      <span class={trust.fault === null ? 'dim' : 'text-bad'} title={trust.fault ?? trust.store}>
        {trust.fault === null ? `trust revision ${trust.revision ?? 'unknown'}` : 'trust can not be read'}
      </span>
    </p>
  );
}

function ShutPage({ fault }: { readonly fault: ApiFault | undefined }): VNode {
  const isUnreachable = fault !== undefined && !fault.isStale;
  return (
    <div class="shut" role="alert">
      <h2>{isUnreachable ? 'certgate can not be asked' : 'This page is not open any more'}</h2>
      <Notice tone="warn">{fault?.message ?? 'The address has no token.'}</Notice>
      {!isUnreachable && (
        <p>
          Each start of <code>certgate dev</code> has a token of its own, and nobody without it sees this page. Open the
          address after <code>inspector</code> in the output of the running <code>certgate dev</code>.
        </p>
      )}
    </div>
  );
}

/** From the fragment, so that a view can be bookmarked and the browser's back button works. */
function useView(): readonly [ViewId, (view: ViewId) => void] {
  const [view, setView] = useState(readView);
  // Before the page is painted: somebody may be faster than an effect after it.
  useLayoutEffect(() => {
    const update = (): void => setView(readView());
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return [view, (next) => location.assign(`#/${next}`)];
}

function readView(): ViewId {
  return views.find(({ id }) => location.hash === `#/${id}`)?.id ?? 'try';
}
