import type { VNode } from 'preact';
import { CommandLine } from './clipboard.js';
import { type Fact, Facts } from './facts.js';
import { CrossIcon, DotIcon, TickIcon, WarningIcon } from './icons.js';
import { type ExplanationReport, PathList } from './path-list.js';
import { Notice, type Tone } from './notice.js';

type Step = ExplanationReport['steps'][number];

const stepSigns = {
  passed: { tone: 'good', icon: <TickIcon />, word: 'passed' },
  denied: { tone: 'bad', icon: <CrossIcon />, word: 'denied' },
  deferred: { tone: 'warn', icon: <WarningIcon />, word: 'would deny' },
  'not asked': { tone: 'plain', icon: <DotIcon />, word: 'not asked' },
} as const;

export interface DecisionProps {
  readonly report: ExplanationReport;
  /** True if the function is called over MCP. A refusal is then an error in the protocol, not an HTTP status. */
  readonly isMcp?: boolean;
}

/** What `certgate trust explain` says about a request, with the steps in the order in which the gate takes them. */
export function Decision({ report, isMcp = false }: DecisionProps): VNode {
  const { tone, sentence } = describeOutcome(report, isMcp);
  return (
    <div class="decision">
      <Notice tone={tone}>
        <strong>{sentence}</strong>
        {report.code !== null && report.code !== 'allowed' && (
          <p>
            <code class="code">{report.code}</code> {report.detail}
          </p>
        )}
        {report.deferred !== null && (
          <p>
            <code class="code">{report.deferred.code}</code> {report.deferred.detail}
          </p>
        )}
      </Notice>
      {report.gate === 'asked' && (
        <ol class="steps" aria-label="Steps of the decision">
          {report.steps.map((step) => (
            <StepRow key={step.step} step={step} isSaidAbove={step.text === report.detail} />
          ))}
        </ol>
      )}
      <Facts facts={listFacts(report)} />
      {report.paths.length > 0 && <PathList paths={report.paths} />}
      <NearMatches report={report} />
      <Remedy report={report} />
    </div>
  );
}

const mcpDenial = 'Denied: the caller gets an error, and the function does not run.';

function describeOutcome(
  report: ExplanationReport,
  isMcp: boolean,
): { readonly tone: Tone; readonly sentence: string } {
  const { gate, policy, outcome, status, publicCode, deferred } = report;
  if (gate === 'not-asked') {
    return policy.kind === 'anonymous'
      ? { tone: 'info', sentence: 'The function is public. The gate reads no certificate there.' }
      : { tone: 'warn', sentence: 'Open: no gate covers the function. Everybody may call it.' };
  }
  if (outcome === 'denied') {
    return status === null
      ? { tone: 'warn', sentence: 'Denied, but observed: the function runs anyway.' }
      : { tone: 'bad', sentence: isMcp ? mcpDenial : `Denied: the caller gets ${status} ${publicCode ?? ''}.` };
  }
  if (outcome === 'unverified') {
    const what = report.unverified.join(' and ');
    return { tone: 'warn', sentence: `Allowed, if the app accepts the document: its ${what} was not verified here.` };
  }
  return deferred === null
    ? { tone: 'good', sentence: 'Allowed: the function runs.' }
    : { tone: 'warn', sentence: 'Allowed, report-only: the function runs, though authorization would refuse.' };
}

interface StepRowProps {
  readonly step: Step;
  readonly isSaidAbove: boolean;
}

function StepRow({ step: { step, verdict, code, text }, isSaidAbove }: StepRowProps): VNode {
  const { tone, icon, word } = stepSigns[verdict];
  return (
    <li class={`step ${tone}`}>
      <span class="step-sign">{icon}</span>
      <span class="step-name">{step}</span>
      <span class="step-text">
        <span class="visually-hidden">{word}. </span>
        {code !== null && <code class="code">{code}</code>}{' '}
        {verdict === 'not asked' ? 'not asked' : !isSaidAbove && text}
      </span>
    </li>
  );
}

function listFacts(report: ExplanationReport): readonly Fact[] {
  const { identity, certificate, accessEndsAt, withoutClientAuthUntil, clientAuthLoss } = report;
  const { nextChange, store, revision } = report;
  const facts: Fact[] = [];
  if (certificate !== null) facts.push(['Certificate', certificate.subject ?? 'cannot be decoded']);
  if (identity !== null) {
    const owner = identity.owner === null ? '' : `, owner ${identity.owner}`;
    const roles = identity.roles.length === 0 ? 'no roles' : `roles ${identity.roles.join(', ')}`;
    facts.push(['Identity', `${identity.name}${owner}; ${roles}`]);
  }
  if (accessEndsAt !== null) facts.push(['Access ends', accessEndsAt]);
  if (withoutClientAuthUntil !== null)
    facts.push(['Without clientAuth', `accepted by its pin until ${withoutClientAuthUntil}`]);
  if (clientAuthLoss !== null)
    facts.push(['At renewal', `loses clientAuth: looks like a certificate of a public CA (${clientAuthLoss.verdict})`]);
  if (nextChange !== null) facts.push(['Next change', `${nextChange.at}: ${nextChange.outcome}, ${nextChange.code}`]);
  facts.push(['Trust', `${store}, revision ${revision}`]);
  return facts;
}

function NearMatches({ report: { nearMatches } }: { readonly report: ExplanationReport }): VNode | null {
  if (nearMatches.length === 0) return null;
  return (
    <section class="near-matches">
      <h3 class="small-title">May be meant for</h3>
      <ul>
        {nearMatches.map(({ identity, owner, likeness }) => (
          <li key={`${identity} ${likeness}`}>
            <strong>{identity}</strong>
            {owner !== null && ` (owner ${owner})`}: the certificate {likeness}.
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Shows the commands that can solve the problem. The page itself changes nothing. */
function Remedy({ report: { remedy } }: { readonly report: ExplanationReport }): VNode | null {
  if (remedy === null) return null;
  return (
    <section class="remedy">
      <h3 class="small-title">What to do</h3>
      <p>{remedy.verifyFirst}</p>
      {remedy.choices.map(({ when, commands, needs }) => (
        <div class="choice" key={commands.join('\n')}>
          {when !== null && <p>{when}:</p>}
          {commands.map((command) => (
            <CommandLine key={command} text={command} label="Copy the command" />
          ))}
          {needs !== null && <p class="dim">Needs {needs}.</p>}
        </div>
      ))}
    </section>
  );
}
