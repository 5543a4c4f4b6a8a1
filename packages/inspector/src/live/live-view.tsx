import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { InspectedApp, LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { CrossIcon, PauseIcon, ResumeIcon } from '../parts/icons.js';
import type { Api } from '../session/api.js';
import type { Connection } from '../session/follow-app.js';
import { LiveDetailsPane } from './live-details-pane.js';
import { type LiveFilter, type LiveOutcome, filterEvents, nameVerdict, verdicts } from './live-filter.js';
import { type LiveLog, type LiveSnapshot, mostEvents } from './live-log.js';
import { LiveTable } from './live-table.js';

const connectionTexts: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting …',
  connected: 'Live',
  lost: 'Not connected. Trying again …',
  refused: 'Refused: open the page again',
};

export interface LiveViewProps {
  readonly api: Api;
  readonly log: LiveLog;
  readonly app: InspectedApp;
  readonly connection: Connection;
  readonly isActive: boolean;
}

export function LiveView({ api, log, app, connection, isActive }: LiveViewProps): VNode {
  const snapshot = useLog(log, isActive);
  const [filter, setFilter] = useState<LiveFilter>({ text: '', verdicts: [] });
  const [opened, setOpened] = useState<LiveEvent>();
  const shown = useMemo(() => filterEvents(snapshot.events, filter), [snapshot.events, filter]);
  const close = (): void => {
    setOpened(undefined);
    document.querySelector<HTMLElement>('.live-table')?.focus();
  };
  return (
    <div class={opened === undefined ? 'live' : 'live has-details'}>
      <Toolbar
        snapshot={snapshot}
        connection={connection}
        filter={filter}
        shown={shown.length}
        log={log}
        onFilter={setFilter}
      />
      <div class="live-body">
        {shown.length === 0 ? (
          <EmptyLog isFiltered={snapshot.events.length > 0} gatewayUrl={app.url} />
        ) : (
          <LiveTable
            events={shown}
            openedId={opened?.id}
            isFollowing={!snapshot.isPaused}
            onOpen={setOpened}
            onClose={close}
          />
        )}
        {opened !== undefined && <LiveDetailsPane key={opened.id} api={api} app={app} event={opened} onClose={close} />}
      </div>
    </div>
  );
}

/** The latest snapshot of the log. While the view is hidden, new requests don't make it render. */
function useLog(log: LiveLog, isActive: boolean): LiveSnapshot {
  const [snapshot, setSnapshot] = useState(log.getSnapshot());
  useEffect(() => {
    if (!isActive) return undefined;
    const update = (): void => setSnapshot(log.getSnapshot());
    update();
    return log.subscribe(update);
  }, [log, isActive]);
  return snapshot;
}

interface ToolbarProps {
  readonly snapshot: LiveSnapshot;
  readonly connection: Connection;
  readonly filter: LiveFilter;
  readonly shown: number;
  readonly log: LiveLog;
  readonly onFilter: (filter: LiveFilter) => void;
}

function Toolbar({ snapshot, connection, filter, shown, log, onFilter }: ToolbarProps): VNode {
  const { isPaused, events, waiting } = snapshot;
  const toggle = (verdict: LiveOutcome): void => {
    const others = filter.verdicts.filter((each) => each !== verdict);
    onFilter({
      ...filter,
      verdicts: others.length === filter.verdicts.length ? [...others, verdict] : others,
    });
  };
  return (
    <div class="toolbar" role="group" aria-label="Requests">
      <button type="button" aria-pressed={isPaused} onClick={isPaused ? log.resume : log.pause}>
        {isPaused ? <ResumeIcon /> : <PauseIcon />}
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={log.clear}>
        <CrossIcon />
        Clear
      </button>
      <input
        type="search"
        class="filter"
        placeholder="Filter: path, caller, code, correlation id …"
        aria-label="Filter the requests"
        title="Words that must all be found. In one column: status:401 code:role_missing caller:billing id:…"
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <div class="chips" role="group" aria-label="Verdicts">
        {verdicts.map((verdict) => (
          <button
            key={verdict}
            type="button"
            class={`chip verdict-${verdict}`}
            aria-pressed={filter.verdicts.includes(verdict)}
            onClick={() => toggle(verdict)}
          >
            {nameVerdict(verdict)}
          </button>
        ))}
      </div>
      <p class="toolbar-note">
        <span class={`connection ${connection}`}>
          {isPaused ? `Paused, ${waiting} waiting` : connectionTexts[connection]}
        </span>
        <span class="dim">
          {shown === events.length ? '' : `${shown} of `}
          {events.length === 1 ? '1 request' : `${events.length} requests`}
          {events.length === mostEvents && ', the newest'}
        </span>
      </p>
    </div>
  );
}

interface EmptyLogProps {
  readonly isFiltered: boolean;
  readonly gatewayUrl: string;
}

function EmptyLog({ isFiltered, gatewayUrl }: EmptyLogProps): VNode {
  if (isFiltered) return <div class="empty">No request matches the filter.</div>;
  return (
    <div class="empty">
      <p>
        <strong>No requests yet.</strong>
      </p>
      <p>
        Every request to <code>{gatewayUrl}</code> is shown here, with the reason for its answer. Send one in{' '}
        <a href="#/try">Try it</a>.
      </p>
    </div>
  );
}
