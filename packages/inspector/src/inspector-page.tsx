import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { InspectorState } from '../../certgate/src/trust/views/page-views.js';
import { CertificatePanel } from './certificate/certificate-panel.js';
import { type LiveLog, createLiveLog } from './live/live-log.js';
import { LiveView } from './live/live-view.js';
import { Announcer } from './parts/announcer.js';
import { GateIcon } from './parts/icons.js';
import { Tabs } from './parts/tabs.js';
import { ThemeButton } from './parts/theme-button.js';
import { Notice } from './parts/notice.js';
import type { Api, ApiFault } from './session/api.js';
import { type Connection, type Follower, followApp } from './session/follow-app.js';
import { TrustPanel } from './trust/trust-panel.js';
import { TryView } from './try-it/try-view.js';

const allViews = [
  { id: 'try', text: 'Try it' },
  { id: 'live', text: 'Live' },
  { id: 'trust', text: 'Trust' },
  { id: 'certificate', text: 'Certificate' },
] as const;
type ViewId = (typeof allViews)[number]['id'];

export interface InspectorPageProps {
  /** Undefined if the page was opened without its token. */
  readonly api: Api | undefined;
}

export function InspectorPage({ api }: InspectorPageProps): VNode {
  const [state, setState] = useState<InspectorState>();
  const [{ connection, fault }, setConnection] = useState<ConnectionState>({ connection: 'connecting' });
  const [log] = useState(createLiveLog);
  useEffect(() => {
    if (api === undefined) return;
    const onConnection: Follower['onConnection'] = (next, reason) =>
      setConnection((known) => (known.connection === next ? known : { connection: next, fault: reason }));
    followApp(api, { onState: setState, onEvents: log.add, onConnection }).catch(reportError);
  }, [api]);
  // Without an app, the first two views are left out: there is nothing to call, and no caller to watch.
  const views = state?.app === null ? allViews.slice(2) : allViews;
  const [view, setView] = useView(views);
  const isShut = api === undefined || connection === 'refused' || (connection === 'lost' && state === undefined);
  return (
    <>
      <header class="top">
        <h1 class="brand">
          <GateIcon />
          <span>certgate inspector</span>
        </h1>
        {!isShut && state !== undefined && <Tabs tabs={views} chosen={view} onChoose={setView} />}
        <Source state={state} isLost={connection === 'lost'} />
        <ThemeButton />
      </header>
      <main>
        {isShut && <ShutPage fault={fault} />}
        {!isShut && state === undefined && <div class="empty">Loading …</div>}
        {!isShut &&
          state !== undefined &&
          views.map(({ id }) => (
            <View key={id} id={id} chosen={view}>
              <ViewContent id={id} isActive={id === view} api={api} state={state} log={log} connection={connection} />
            </View>
          ))}
      </main>
      <Announcer />
    </>
  );
}

interface ConnectionState {
  readonly connection: Connection;
  readonly fault?: ApiFault | undefined;
}

interface ViewProps {
  readonly id: ViewId;
  readonly chosen: ViewId;
  readonly children: ComponentChildren;
}

/**
 * One view of the page. It is rendered when the user first opens it. Afterwards it is only hidden, so that a form keeps
 * what was typed and a list keeps its scroll position.
 */
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
  readonly connection: Connection;
}

function ViewContent({ id, isActive, api, state, log, connection }: ViewContentProps): VNode | null {
  const { app, trust } = state;
  switch (id) {
    case 'try':
      return app && <TryView api={api} app={app} />;
    case 'live':
      return app && <LiveView api={api} log={log} app={app} connection={connection} isActive={isActive} />;
    case 'trust':
      return <TrustPanel api={api} isActive={isActive} inUse={trust.revision} isByApp={app !== null} />;
    case 'certificate':
      return <CertificatePanel api={api} />;
  }
}

interface SourceProps {
  readonly state: InspectorState | undefined;
  readonly isLost: boolean;
}

/** Names the gateway of the app, if there is an app, and the trust revision in use. */
function Source({ state, isLost }: SourceProps): VNode {
  if (state === undefined) return <p class="source" />;
  const { app, trust } = state;
  const fault = trust.fault ?? trust.revocationFault;
  const revision = trust.revision === null ? 'trust revision unknown' : `trust revision ${trust.revision}`;
  return (
    <p class="source">
      {isLost && <span class="text-bad">not connected</span>}
      {app !== null && <span class="mono">{app.url}</span>}
      <span class={fault === undefined ? 'dim' : 'text-bad'} title={fault ?? trust.store}>
        {revision}
        {trust.fault !== null && ', the latest read failed'}
        {trust.revocationFault !== undefined && ', revocation lists have a fault'}
      </span>
    </p>
  );
}

function ShutPage({ fault }: { readonly fault: ApiFault | undefined }): VNode {
  const isUnreachable = fault !== undefined && !fault.isStale;
  return (
    <div class="shut" role="alert">
      <h2>{isUnreachable ? 'certgate does not answer' : 'This page is no longer valid'}</h2>
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

/**
 * The view that the address names in its fragment, so that the user can bookmark a view and the browser's back button
 * works. Without such a fragment, it is the first of `views`.
 */
function useView(views: readonly { readonly id: ViewId }[]): readonly [ViewId, (view: ViewId) => void] {
  const [hash, setHash] = useState(location.hash);
  // Listens before the page is painted: with `useEffect`, a fast user could change the fragment before the listener is
  // there.
  useLayoutEffect(() => {
    const update = (): void => setHash(location.hash);
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  const view = views.find(({ id }) => hash === `#/${id}`)?.id ?? views[0]?.id ?? 'trust';
  return [view, (next) => location.assign(`#/${next}`)];
}
