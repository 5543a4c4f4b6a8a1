import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ReadCrlView } from '../../../certgate/src/trust/views/page-views.js';
import { Facts } from '../parts/facts.js';

/**
 * The most revoked certificates that the table shows. A list may have a hundred thousand of them; with the filter, the
 * user finds those that are not shown.
 */
const mostRows = 200;

export function ReadCrl({ crl: { fields, revoked } }: { readonly crl: ReadCrlView }): VNode {
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase().replaceAll(':', '');
  const found = revoked.filter(({ serial }) => serial.toLowerCase().replaceAll(':', '').includes(wanted));
  return (
    <section class="panel read" aria-label="Revocation list">
      <Facts facts={fields} kind="wide" />
      <header class="panel-head">
        <h4>{revoked.length === 1 ? '1 revoked certificate' : `${revoked.length} revoked certificates`}</h4>
        <input
          type="search"
          placeholder="Serial number"
          aria-label="Filter by serial number"
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
      </header>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Serial number</th>
            <th scope="col">Revoked at</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, mostRows).map(({ serial, at, reason }) => (
            <tr key={serial}>
              <td class="mono break">{serial}</td>
              <td>{at}</td>
              <td>{reason ?? 'not given'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > mostRows && <p class="dim">And {found.length - mostRows} more.</p>}
    </section>
  );
}
