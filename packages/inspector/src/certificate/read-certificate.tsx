import type { VNode } from 'preact';
import type { ReadCertificateView } from '../../../certgate/src/trust/views/page-views.js';
import { CopyButton } from '../parts/clipboard.js';
import { Decision } from '../parts/decision.js';

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
          <dl class="facts wide">
            {fields.map(([label, value], index) => (
              <div key={index}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <h4>Thumbprints, as other tools write them</h4>
          <dl class="facts wide">
            {thumbprints.map(([notation, value]) => (
              <div key={notation}>
                <dt>{notation}</dt>
                <dd>
                  <span class="mono break">{value}</span>
                  <CopyButton text={value} label={`Copy: ${notation}`} />
                </dd>
              </div>
            ))}
          </dl>
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
