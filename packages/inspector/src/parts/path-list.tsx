import type { VNode } from 'preact';
import type { TryResult } from '../../../certgate/src/trust/views/page-views.js';
import { formatDay } from './format.js';
import { Badge } from './notice.js';

/** A decision step by step, in the form in which `certgate trust explain --json` prints it. */
export type ExplanationReport = NonNullable<TryResult['explanation']>;

type Path = ExplanationReport['paths'][number];

const checkTones = { passed: 'good', failed: 'bad', unknown: 'plain' } as const;

/**
 * The certification paths that the gate tried, each with its certificates and the checks that failed or are unknown.
 */
export function PathList({ paths }: { readonly paths: readonly Path[] }): VNode {
  return (
    <section class="paths">
      <h3 class="small-title">
        {paths.length === 1 ? 'Certification path' : `${paths.length} certification paths were tried`}
      </h3>
      {paths.map((path, index) => (
        <PathView key={index} path={path} />
      ))}
    </section>
  );
}

function PathView({ path: { certificates, checks, reachesTrustAnchor } }: { readonly path: Path }): VNode {
  const failed = checks.filter(({ verdict }) => verdict !== 'passed');
  return (
    <div class="path">
      <ol>
        {certificates.map(({ subject, role, notBefore, notAfter, thumbprintSha256 }) => (
          <li key={thumbprintSha256}>
            <span class="path-subject">{subject}</span>{' '}
            <span class="dim">
              {role}, {formatDay(notBefore)} to {formatDay(notAfter)}
            </span>
          </li>
        ))}
      </ol>
      {!reachesTrustAnchor && <p class="dim">It reaches no trust anchor.</p>}
      <ul class="checks">
        {failed.length === 0 && (
          <li>
            <Badge tone="good">passed</Badge> all {checks.length} checks
          </li>
        )}
        {failed.map(({ check, verdict, code, detail, certificate }) => (
          <li key={`${check} ${certificate ?? ''}`}>
            <Badge tone={checkTones[verdict]}>{verdict}</Badge> {check}
            {code !== null && <code class="code"> {code}</code>} <span class="dim">{detail}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
