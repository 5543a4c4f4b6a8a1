import type { VNode } from 'preact';
import type {
  TrustIdentityView,
  TrustView,
  TrustWarningView,
  ValidityWindow,
} from '../../../certgate/src/trust/views/page-views.js';
import { CommandLine } from '../parts/clipboard.js';
import { formatDay, formatRemaining } from '../parts/format.js';
import { WarningIcon } from '../parts/icons.js';
import { type TimeScale, createTimeScale } from './time-scale.js';
import { TimeAxis, WindowBar } from './window-bar.js';

/** Shows the validity windows of identities and authorities, each with its warnings. */
export function TimeLine({ view }: { readonly view: TrustView }): VNode {
  const now = Date.parse(view.at);
  const scale = createTimeScale(view, now);
  return (
    <table class="time-line">
      <colgroup>
        <col class="time-what" />
        <col class="time-bars" />
        <col class="time-remaining" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">Identity</th>
          <th scope="col">
            <span class="visually-hidden">Validity, from {formatDay(new Date(scale.from).toISOString())}</span>
            <TimeAxis scale={scale} now={now} />
          </th>
          <th scope="col">Remaining</th>
        </tr>
      </thead>
      {view.identities.map((identity) => (
        <IdentityRows key={identity.name} identity={identity} view={view} scale={scale} now={now} />
      ))}
      {view.authorities.map((authority) => (
        <tbody key={authority.name}>
          <tr class="time-head">
            <th scope="rowgroup" colSpan={3}>
              <span class="time-name">{authority.name}</span> <span class="tag">authority</span>
            </th>
          </tr>
          {authority.windows.map((window, index) => (
            <WindowRow key={index} window={window} scale={scale} now={now} />
          ))}
          <WarningRow warnings={listWarnings(view, authority.name)} />
        </tbody>
      ))}
    </table>
  );
}

interface IdentityRowsProps {
  readonly identity: TrustIdentityView;
  readonly view: TrustView;
  readonly scale: TimeScale;
  readonly now: number;
}

function IdentityRows({ identity, view, scale, now }: IdentityRowsProps): VNode {
  const { name, owner, enabled, roles, functions, windows, gaps, overlaps } = identity;
  return (
    <tbody>
      <tr class="time-head">
        <th scope="rowgroup" colSpan={3}>
          <span class="time-name">{name}</span>
          {!enabled && <span class="tag bad">disabled</span>}
          {roles.map((role) => (
            <span key={role} class="tag">
              {role}
            </span>
          ))}
          <span class="dim time-owner">
            {owner === null ? 'no owner' : owner}
            {functions !== null && `, only ${functions.join(', ')}`}
          </span>
          {overlaps.map(({ from, until }) => (
            <span key={from} class="time-note overlap-note">
              change over {formatDay(from)} to {formatDay(until)}
            </span>
          ))}
          {gaps.map(({ from, until, isSoon }) => (
            <span key={from} class={isSoon ? 'time-note gap-note soon' : 'time-note gap-note'}>
              nobody admitted from {formatDay(from)}
              {until !== null && ` to ${formatDay(until)}`}
            </span>
          ))}
        </th>
      </tr>
      {windows.length === 0 && (
        <tr>
          <td colSpan={3} class="dim">
            No pin, no name and no certificate: nobody is this identity.
          </td>
        </tr>
      )}
      {windows.map((window, index) => (
        <WindowRow key={index} window={window} scale={scale} now={now} identity={identity} />
      ))}
      <WarningRow warnings={listWarnings(view, name)} />
    </tbody>
  );
}

interface WindowRowProps {
  readonly window: ValidityWindow;
  readonly scale: TimeScale;
  readonly now: number;
  readonly identity?: TrustIdentityView;
}

function WindowRow({ window, scale, now, identity }: WindowRowProps): VNode {
  const { kind, label, thumbprint, from, until, state } = window;
  const edge = state === 'future' ? from : until;
  const remaining = state === 'disabled' ? 'disabled' : formatRemaining(from, until, now);
  return (
    <tr class="time-row">
      <td class="time-what" title={thumbprint ?? label}>
        {/* The label of a pin already says that it is a pin, and of which kind. */}
        {kind !== 'pin' && <span class="dim">{kind} </span>}
        {label}
      </td>
      <td class="time-bars">
        <WindowBar window={window} scale={scale} now={now} {...(identity === undefined ? {} : { identity })} />
      </td>
      <td class={`time-remaining state-${state}`} title={until ?? 'no end'}>
        <span class="time-edge">{edge !== null && `${state === 'future' ? 'from' : 'to'} ${formatDay(edge)}: `}</span>
        {remaining}
      </td>
    </tr>
  );
}

function WarningRow({ warnings }: { readonly warnings: readonly TrustWarningView[] }): VNode | null {
  if (warnings.length === 0) return null;
  return (
    <tr>
      <td colSpan={3}>
        <Warnings warnings={warnings} />
      </td>
    </tr>
  );
}

export function Warnings({ warnings }: { readonly warnings: readonly TrustWarningView[] }): VNode | null {
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings">
      {warnings.map(({ code, message, command }) => (
        <li key={`${code} ${message}`}>
          <WarningIcon />
          <div>
            {message} <code class="code">{code}</code>
            {command !== null && <CommandLine text={command} label="Copy the command that helps" />}
          </div>
        </li>
      ))}
    </ul>
  );
}

export function listWarnings({ warnings }: TrustView, subject: string): readonly TrustWarningView[] {
  return warnings.filter((warning) => warning.subject === subject);
}

/** The warnings whose subject is not an identity or authority in the view. */
export function listOtherWarnings(view: TrustView): readonly TrustWarningView[] {
  const named = new Set([...view.identities, ...view.authorities].map(({ name }) => name));
  return view.warnings.filter(({ subject }) => !named.has(subject));
}
