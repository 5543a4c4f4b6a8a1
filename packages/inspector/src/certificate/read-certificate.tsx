import type { VNode } from 'preact';
import type { ReadCertificateView } from '../../../certgate/src/trust/views/page-views.js';
import { Decision } from '../parts/decision.js';
import { Facts } from '../parts/facts.js';

export function ReadCertificate({ certificate }: { readonly certificate: ReadCertificateView }): VNode {
  const { role, fields, thumbprints, explanation } = certificate;
  const subject = fields.find(([label]) => label === 'Subject')?.[1] ?? 'Certificate';
  return (
    <section class="panel read" aria-label={subject}>
      <header class="panel-head">
        <h3 class="read-subject">{subject}</h3>
        <span class="tag">{role === 'ca' ? 'CA' : 'leaf'}</span>
      </header>
      <div class="read-columns">
        <div>
          <Facts facts={fields} kind="wide" />
          <h4>Thumbprints, as other tools write them</h4>
          <Facts facts={thumbprints.map(([notation, value]) => [notation, value, true])} kind="wide" />
        </div>
        {explanation !== null && (
          <div>
            <h4>By the current trust, at a function without a role</h4>
            <Decision report={explanation} />
          </div>
        )}
      </div>
    </section>
  );
}
