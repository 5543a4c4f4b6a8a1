// The questions about Azure that this project can't answer without a deployment, and how observations there answer
// them. Only an observation gives an answer; everything else is "cannot tell". docs/proven.md lists the questions even
// before a run has answered them.

export const plans = ['ElasticPremium', 'FlexConsumption'];
export const modes = ['Required', 'Optional', 'OptionalInteractiveUser'];
const lenient = modes.slice(1);

const yes = (evidence) => ({ answer: 'yes', evidence });
const no = (evidence) => ({ answer: 'no', evidence });
const cannotTell = (evidence) => ({ answer: 'cannot tell', evidence });

/**
 * A question is answered once for the template, for each plan, or for each plan and mode, as `about` says. `judge` gets
 * the observations there; a member is undefined if it was not observed.
 */
export const questions = [
  {
    name: 'template-compiles',
    about: 'template',
    question: "Does the Bicep compiler accept the sample's template?",
    judge: ({ compiler }) => {
      if (compiler.status === 0) return yes(`${compiler.warnings} warnings`);
      // If there is no error, the exit code may come from a compiler that is not installed.
      return compiler.errors > 0 ? no(`${compiler.errors} errors`) : cannotTell(`exit code ${compiler.status}`);
    },
  },
  {
    name: 'template-deploys',
    about: 'plan',
    question: 'Did the template deploy?',
    judge: ({ deployment }) => {
      if (deployment === undefined) return cannotTell('It was not tried.');
      return deployment.status === 0 ? yes('The deployment succeeded.') : no(deployment.reason);
    },
  },
  {
    name: 'sample-answers',
    about: 'plan',
    question: 'Does the sample admit the caller whom the trust document in the blob lists, and refuse another?',
    judge: judgeProbes(({ modes: seen }) => seen.Required?.report, 'allowed-certificate', 'denied-certificate'),
  },
  {
    name: 'mode-enforced',
    about: 'mode',
    question:
      'Does the front end do what the client certificate mode says: Required refuses callers without a certificate before the app, and the other modes ask for one and let callers without one through?',
    judge: judgeMode,
  },
  {
    name: 'forged-header',
    about: 'mode',
    modes: lenient,
    question:
      'Is a caller without a certificate refused by the app, if it sends an X-ARR-ClientCert header with an allowed certificate?',
    judge: judgeForgery(/^401$/, 'forged-header'),
  },
  {
    name: 'forged-header-beside-denied',
    about: 'mode',
    question: 'Is a caller with a certificate that is not allowed refused by the app, if it sends such a header too?',
    judge: judgeForgery(/^401$/, 'forged-header-beside-denied'),
  },
  {
    name: 'forged-header-spelled',
    about: 'mode',
    modes: lenient,
    question: 'Are both refused if the header is sent twice, or with another spelling of its name or value?',
    // A front end may itself answer 400 to some of these spellings.
    judge: judgeForgery(
      /^(?!403)\d+$/,
      ...['twice', 'case', 'underscore', 'whitespace', 'encoding'].map((each) => `forged-header-${each}`),
    ),
  },
  ...['1.2', '1.3'].map((version) => ({
    name: `key-proof-tls-${version}`,
    about: 'mode',
    question: `Is a caller who has an allowed certificate without its key refused in the handshake, over TLS ${version}?`,
    judge: judgeProbes(({ report }) => report, `key-proof-tls-${version}`),
  })),
  {
    name: 'browser-asked',
    about: 'mode',
    modes: ['OptionalInteractiveUser'],
    question: 'Is a caller who names itself as a browser asked for its certificate?',
    judge: ({ isAdmitted, browserStatus: status }) => {
      if (isAdmitted !== true) return cannotTell('The allowed caller was not admitted without that name either.');
      if (status === 200) return yes('The allowed certificate is admitted with User-Agent: Mozilla/5.0.');
      return status === 401 ? no('The app answers 401 to it.') : cannotTell(describeStatus(status));
    },
  },
  {
    name: 'scm-site-asks',
    about: 'plan',
    question: 'With the mode Required set, does the SCM site ask for a client certificate?',
    judge: ({ scm }) => {
      if (scm?.asks === undefined) return cannotTell('The SCM site was not reached.');
      if (scm.kept !== 'Required') return cannotTell('It is not known that Azure kept the mode.');
      const evidence = `${describeStatus(scm.status)} without a certificate and a sign-in`;
      return scm.asks ? yes(evidence) : no(evidence);
    },
  },
  {
    name: 'excluded-path-as-sent',
    about: 'plan',
    question:
      'In mode Required with the exclusion path /api/PublicFunction, does /api/PublicFunction/../SecuredFunction reach the app without a certificate?',
    judge: ({ exclusion }) => {
      // Without these two answers, the exclusion path was not in effect.
      if (exclusion?.excluded !== 200 || exclusion.closed !== 403)
        return cannotTell(
          `/api/PublicFunction: ${exclusion?.excluded ?? 'not called'}; SecuredFunction: ${exclusion?.closed ?? 'not called'}`,
        );
      const evidence = `status ${exclusion.dotted}`;
      if (exclusion.dotted === 401 || exclusion.dotted === 200) return yes(evidence);
      return exclusion.dotted === 403 ? no(evidence) : cannotTell(evidence);
    },
  },
  {
    name: 'mcp-header',
    about: 'plan',
    question: "Does App Service's header reach MCP tools, so that the allowed caller is admitted there?",
    judge: ({ mcp }) => {
      if (mcp === undefined) return cannotTell('No MCP tool was called.');
      if (mcp.hasRun) return yes('The tool ran.');
      // The same certificate must be admitted to an HTTP function of the same app. Otherwise the refusal says nothing
      // about MCP.
      return mcp.code === 'client_certificate_required' && mcp.isAdmittedByHttp
        ? no('The tool refuses the caller whom an HTTP function of the same app admits.')
        : cannotTell(/^[a-z_]+$/.test(mcp.code ?? '') ? mcp.code : describeStatus(mcp.status));
    },
  },
];

/**
 * The answers to all questions. `seen` has the observations, in the form
 * `{ compiler, plans: { ElasticPremium: { …, modes: { Required: { … } } } } }`.
 */
export function answerAll(seen) {
  return questions.flatMap(({ name, about, question, judge, modes: asked = modes }) => {
    if (about === 'template') return [{ name, question, ...judge(seen) }];
    return Object.entries(seen.plans).flatMap(([plan, ofPlan]) => {
      const answer = (ofWhat) => explainEnd(judge(ofWhat), ofPlan.stoppedAt);
      if (about === 'plan') return [{ name, question, plan, ...answer(ofPlan) }];
      const inMode = (mode) => ofPlan.modes[mode] ?? { mode };
      return asked.map((mode) => ({ name, question, plan, mode, ...doubt(answer(inMode(mode)), inMode(mode)) }));
    });
  });
}

function explainEnd({ answer, evidence }, stoppedAt) {
  const isOpen = answer === 'cannot tell' && stoppedAt !== undefined;
  return { answer, evidence: isOpen ? `${evidence} The run stopped at: ${stoppedAt}.` : evidence };
}

/**
 * Turns "yes" into "cannot tell" if the front end did not behave as the mode says, because the mode may not have been
 * in force.
 */
function doubt({ answer, evidence }, seen) {
  if (answer !== 'yes' || judgeMode(seen).answer === 'yes') return { answer, evidence };
  return cannotTell(`${evidence}, but it is not known that the mode was in force.`);
}

/** Judges a question that doctor's probes answer. */
function judgeProbes(findReport, ...ids) {
  return (seen) => {
    const report = findReport(seen);
    if (report === undefined) return cannotTell('doctor was not run.');
    const findings = report.findings.filter(({ id }) => ids.includes(id));
    const evidence = findings.map(describeFinding).join('; ') || 'doctor did not run the probe.';
    if (findings.some(({ verdict }) => verdict === 'fails')) return no(evidence);
    const holds = findings.length === ids.length && findings.every(({ verdict }) => verdict === 'holds');
    return holds ? yes(evidence) : cannotTell(evidence);
  };
}

/**
 * Judges a probe with forged headers. A refusal before the app (403, or in the handshake) says nothing about the
 * header, because the app itself would answer 401.
 */
function judgeForgery(telling, ...ids) {
  const judge = judgeProbes(({ report }) => report, ...ids);
  return (seen) => {
    const judged = judge(seen);
    const answers = (seen.report?.findings ?? [])
      .filter(({ id }) => ids.includes(id))
      .flatMap(({ observations }) => observations);
    if (judged.answer !== 'yes' || answers.every(({ answer }) => telling.test(answer))) return judged;
    return cannotTell(`${judged.evidence}: refused before the app`);
  };
}

function judgeMode({ mode, kept, report }) {
  if (kept !== undefined && kept !== mode) return no(`Azure kept another mode than ${mode}.`);
  const finding = report?.findings.find(({ id }) => id === 'client-certificate-mode');
  if (finding === undefined) return cannotTell('doctor was not run.');
  const evidence = describeFinding(finding);
  if (kept === undefined) return cannotTell(`It is not known which mode Azure kept. ${evidence}`);
  if (finding.verdict === 'fails') return no(evidence);
  const seen = /mode (Required|Optional)/.exec(finding.note)?.[1];
  if (finding.verdict !== 'holds' || seen === undefined) return cannotTell(evidence);
  return (mode === 'Required') === (seen === 'Required') ? yes(evidence) : no(evidence);
}

function describeFinding({ id, verdict, note, observations }) {
  const answers = [...new Set(observations.map(({ answer }) => answer))].join(', ');
  return [`${id}: ${verdict.replace('-', ' ')}`, answers === '' ? '' : `(${answers})`, note]
    .filter((part) => part !== '')
    .join(' ');
}

function describeStatus(status) {
  return status === undefined ? 'There was no answer.' : `status ${status}`;
}
