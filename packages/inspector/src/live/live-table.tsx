import {
  Component,
  type ComponentChild,
  type FunctionComponent,
  type TargetedKeyboardEvent,
  type VNode,
  createElement,
} from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { formatClock, formatMilliseconds, shortenThumbprint } from '../parts/format.js';
import { getStatusTone } from '../parts/notice.js';
import { nameVerdict } from './live-filter.js';

/** The height of a row, in CSS pixels. It must equal `--row-height` in tokens.css. */
const rowHeight = 26;
/**
 * The number of rows that are rendered above and below the visible ones, so that fast scrolling shows no empty rows.
 */
const spareRows = 8;

export interface LiveTableProps {
  readonly events: readonly LiveEvent[];
  readonly openedId: number | undefined;
  /** If true, a table that is scrolled to its end stays there when new requests arrive. */
  readonly isFollowing: boolean;
  readonly onOpen: (event: LiveEvent) => void;
  readonly onClose: () => void;
}

const headings = [
  ['time', 'Time'],
  ['method', 'Method'],
  ['status', 'Status'],
  ['path', 'Path'],
  ['function', 'Function'],
  ['caller', 'Caller'],
  ['certificate', 'Certificate'],
  ['verdict', 'Verdict'],
  ['reason', 'Reason'],
  ['duration', 'ms'],
  ['correlation', 'Correlation id'],
] as const;

/**
 * The table of requests. Only the visible rows and a few around them are in the document, so that it stays small with
 * any number of requests.
 */
export function LiveTable({ events, openedId, isFollowing, onOpen, onClose }: LiveTableProps): VNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [activeId, setActiveId] = useState<number>();
  const isAtEnd = useRef(true);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spareRows);
  const last = Math.min(events.length, Math.ceil((view.top + view.height) / rowHeight) + spareRows);
  const active = events.findIndex(({ id }) => id === activeId);

  useKeptPlace(scroller, events, isFollowing, isAtEnd);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => measure(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  function measure(element: HTMLDivElement): void {
    const body = element.clientHeight - rowHeight;
    isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight;
    setView((known) =>
      // Keeps the view while the user has scrolled less than half of the spare rows: those are rendered already.
      Math.abs(known.top - element.scrollTop) < (spareRows / 2) * rowHeight && known.height === body
        ? known
        : { top: element.scrollTop, height: body },
    );
  }

  function activate(index: number): void {
    const event = events[Math.min(Math.max(index, 0), events.length - 1)];
    const element = scroller.current;
    if (event === undefined || element === null) return;
    setActiveId(event.id);
    const top = events.indexOf(event) * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + 2 * rowHeight - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
    if (openedId !== undefined) onOpen(event);
  }

  const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active < 0 ? events.length - 1 : active - 1),
    PageDown: () => activate(active + page),
    PageUp: () => activate(active - page),
    Home: () => activate(0),
    End: () => activate(events.length - 1),
    Enter: () => openActive(),
    ' ': () => openActive(),
    Escape: onClose,
  };
  function openActive(): void {
    const event = events[active];
    if (event !== undefined) onOpen(event);
  }
  function handleKey(event: TargetedKeyboardEvent<HTMLDivElement>): void {
    const handle = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (handle === undefined) return;
    event.preventDefault();
    handle();
  }

  return (
    <div
      ref={scroller}
      class="live-table"
      role="grid"
      aria-label="Requests, oldest first"
      aria-rowcount={events.length + 1}
      aria-activedescendant={active >= first && active < last ? `request-${activeId ?? ''}` : undefined}
      tabIndex={0}
      onScroll={(event) => measure(event.currentTarget)}
      onKeyDown={handleKey}
    >
      <div role="rowgroup" class="live-head">
        <div role="row" class="live-row" aria-rowindex={1}>
          {headings.map(([name, text]) => (
            <span key={name} role="columnheader" class={`c-${name}`}>
              {text}
            </span>
          ))}
        </div>
      </div>
      {/* This style is set by script, which the content security policy allows. The policy would refuse a style attribute in HTML. */}
      <div role="rowgroup" class="live-rows" style={{ height: `${events.length * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {events.slice(first, last).map((event, index) => (
            <LiveRow
              key={event.id}
              event={event}
              rowIndex={first + index + 2}
              isActive={event.id === activeId}
              isOpened={event.id === openedId}
              onOpen={(opened) => {
                setActiveId(opened.id);
                onOpen(opened);
              }}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface LiveRowProps {
  readonly event: LiveEvent;
  readonly rowIndex: number;
  readonly isActive: boolean;
  readonly isOpened: boolean;
  readonly onOpen: (event: LiveEvent) => void;
}

const LiveRow = memo(
  ({ event, rowIndex, isActive, isOpened, onOpen }: LiveRowProps): VNode => (
    <div
      role="row"
      id={`request-${event.id}`}
      class={`live-row verdict-${event.verdict}${isActive ? ' active' : ''}${isOpened ? ' opened' : ''}`}
      aria-rowindex={rowIndex}
      aria-selected={isActive || isOpened}
      onClick={() => onOpen(event)}
    >
      <span role="gridcell" class="c-time">
        {formatClock(event.time)}
      </span>
      <span role="gridcell" class="c-method">
        {event.method}
      </span>
      <span role="gridcell" class={`c-status text-${getStatusTone(event.status)}`}>
        {event.status}
      </span>
      <span role="gridcell" class="c-path" title={event.path}>
        {event.path}
      </span>
      <span role="gridcell" class="c-function" title={event.functionName ?? ''}>
        {event.functionName}
      </span>
      <span role="gridcell" class="c-caller" title={event.identityName ?? ''}>
        {event.identityName}
      </span>
      <span role="gridcell" class="c-certificate" title={event.thumbprintSha256 ?? ''}>
        {event.thumbprintSha256 === null ? '' : shortenThumbprint(event.thumbprintSha256)}
      </span>
      <span role="gridcell" class="c-verdict">
        <span class="verdict">{nameVerdict(event.verdict)}</span>
      </span>
      <span role="gridcell" class="c-reason" title={event.detail ?? ''}>
        {event.code === event.verdict ? '' : event.code}
      </span>
      <span role="gridcell" class="c-duration">
        {formatMilliseconds(event.durationMilliseconds)}
      </span>
      <span role="gridcell" class="c-correlation" title={event.correlationId ?? ''}>
        {event.correlationId}
      </span>
    </div>
  ),
  // `onOpen` is left out: every rendering makes it anew, but it always does the same.
  (left, right) =>
    left.event === right.event &&
    left.rowIndex === right.rowIndex &&
    left.isActive === right.isActive &&
    left.isOpened === right.isOpened,
);

/**
 * A component that renders again only if `areEqual` finds that its properties differ: `memo` of preact/compat, without
 * the rest of that package.
 */
function memo<Props extends object>(
  render: FunctionComponent<Props>,
  areEqual: (left: Props, right: Props) => boolean,
): new (props: Props) => Component<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return !areEqual(this.props, next);
    }

    override render(): ComponentChild {
      return createElement(render, this.props as Props);
    }
  };
}

/**
 * Keeps the table scrolled to its end, or keeps the rows that the user reads in place while older rows above them are
 * dropped.
 */
function useKeptPlace(
  scroller: { readonly current: HTMLDivElement | null },
  events: readonly LiveEvent[],
  isFollowing: boolean,
  isAtEnd: { readonly current: boolean },
): void {
  const known = useRef(events);
  useLayoutEffect(() => {
    const element = scroller.current;
    const [oldest] = events;
    if (element !== null && isFollowing && isAtEnd.current) {
      element.scrollTop = element.scrollHeight;
    } else if (element !== null && oldest !== undefined && known.current !== events) {
      const dropped = known.current.findIndex(({ id }) => id === oldest.id);
      if (dropped > 0) element.scrollTop -= dropped * rowHeight;
    }
    known.current = events;
  }, [events]);
}
