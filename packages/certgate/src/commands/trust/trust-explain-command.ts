import { resolve } from 'node:path';
import { findInstant, parseTrustAddress, readRevocationInformation } from '@certgate/core/internal';
import { escapeControls } from '../../texts/safe-text.js';
import { withStore } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { explainMissingRevision, findUnreadable } from '../../trust/administration/replace-unreadable-document.js';
import { explainCertificate, readListsFrom } from '../../trust/explanation/explain-certificate.js';
import {
  type ExplainedFunction,
  findExplainedFunction,
  findRequirement,
  type FunctionFlags,
} from '../../trust/explanation/explained-function.js';
import type { ExplanationReport } from '../../trust/explanation/explanation-report.js';
import { explainLineByAny, type LineQuestion } from '../../trust/explanation/explain-line.js';
import { findLineText, type KnownDocument, type LogLine } from '../../trust/explanation/line-facts.js';
import { OneOutcome } from '../../log/reading/one-outcome.js';
import { openLogFiles } from '../../log/reading/read-log.js';
import { LineGroups } from '../../trust/explanation/line-groups.js';
import { formatExplanation, formatLineReport } from '../../trust/explanation/explanation-text.js';
import { listUnverified, listUnverifiedOfApp } from '../../trust/explanation/unverified.js';
import type { PasswordFlags } from '../certificate/password-options.js';
import { readCertificateArgument } from '../certificate/read-certificate-argument.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { findLineWindow, type LogFlags } from '../log/log-options.js';
import { admitByOptions, verifyBySigners } from './options/read-admission-options.js';
import type { GateFlags, StoreFlags } from './options/store-options.js';

/** The flags of a question, which is about a certificate or about lines of the log. */
interface QuestionFlags extends StoreFlags, GateFlags, LogFlags, Partial<FunctionFlags>, PasswordFlags {
  /** False with `--no-certificate`. */
  readonly certificate?: string | false;
  readonly at?: number;
  readonly correlationId?: string;
}

/** Several documents, like those of an app with `firstOf`. They are allowed only with a log. */
type ExplainFlags = Omit<QuestionFlags, 'store'> & { readonly store: readonly string[] };

export async function explain({ store: stores, ...others }: ExplainFlags): Promise<void> {
  const [store = ''] = stores;
  await withStore(store, () => explainBy(stores, { ...others, store }));
}

async function explainBy(stores: readonly string[], flags: QuestionFlags): Promise<void> {
  const { function: name, correlationId, since, until } = flags;
  const isLog = (flags.log ?? []).length > 0;
  for (const [option, value] of Object.entries({ 'correlation-id': correlationId, since, until }))
    if (value !== undefined && !isLog) throw new ToolFailure(`--${option} requires --log.`);
  if (isLog) {
    if (flags.requiresRole !== undefined && name === undefined) {
      throw new ToolFailure('--requires-role with --log also requires --function, which says which lines it is about.');
    }
    await explainLog(flags, stores);
  } else if (stores.length > 1) {
    throw new ToolFailure('A certificate is explained by one document, and --store is given several times.', {
      remedy: 'Pass one --store. To ask all trust stores of an app: --app FOLDER',
    });
  } else if (name !== undefined) await explainCaller({ ...flags, function: name });
  else
    throw new ToolFailure('No function is given.', {
      remedy: 'Pass the function that is called with --function <name>, or a log with --log.',
    });
}

type LineRequirement = Pick<LineQuestion, 'requirement' | 'requirementFault'>;

const maximumGroups = 20;

async function explainLog(flags: QuestionFlags, stores: readonly string[]): Promise<void> {
  // The documents are opened first: if an app could not start with its document, its log may have no line of Certgate.
  const locations = await Promise.all(stores.map((store) => withStore(store, () => openReadable(store))));
  const { found, isIncomplete } = await readGroups(flags);
  const { groups, leftOut } = found.takeLast(maximumGroups);
  const isAboutLists = groups.some(({ line }) => findLineText(line, 'code')?.startsWith('revocation_'));
  const documents = await Promise.all(locations.map((location) => readForLines(location, isAboutLists, flags)));
  const requirements = new Map<string | undefined, LineRequirement>();
  // The app is loaded once for each function, one after the other.
  for (const name of new Set(groups.map(({ line }) => findLineText(line, 'function'))))
    requirements.set(name, await findLineRequirement(flags, name));
  const reports = groups.map(({ line, count }) => {
    const required = requirements.get(findLineText(line, 'function')) ?? { requirement: undefined };
    const questions = documents.map((document) => ({
      ...document,
      ...required,
      others: listOthers(document, documents),
    }));
    return { ...explainLineByAny(line, questions), count };
  });
  const describe = (store: string): Pick<ExplanationReport, 'store' | 'revision' | 'signed'> => {
    const loaded = documents.find((document) => document.store === store)?.loaded;
    return { store, revision: loaded?.snapshot.revision ?? 0, signed: loaded?.signature !== undefined };
  };
  if (flags.json === true) printJson({ version: 1, ...describe(documents[0]?.store ?? ''), lines: reports, leftOut });
  else {
    printLine(
      reports
        .map(({ count, ...report }) => formatLineReport(report, { ...describe(report.store), count }))
        .join('\n\n'),
    );
    if (leftOut > 0) printLine(`\n${leftOut} other groups of lines are left out: choose one with --correlation-id.`);
  }
  const isFine = reports.every(({ remedy }) => remedy === null);
  process.exitCode = isFine ? (isIncomplete ? exitCodes.unverified : exitCodes.ok) : exitCodes.failed;
}

async function openReadable(store: string): Promise<TrustLocation> {
  const location = await openTrustLocation(store);
  const unreadable = await findUnreadable(location, {});
  if (unreadable !== undefined) throw await explainMissingRevision(location, unreadable, 'restore');
  return location;
}

type DocumentQuestion = Pick<LineQuestion, 'store' | 'loaded' | 'changeLog' | 'revocation' | 'isSignatureRefused'>;

async function readForLines(
  location: TrustLocation,
  isAboutLists: boolean,
  flags: QuestionFlags,
): Promise<DocumentQuestion> {
  const loaded = await loadTrustDocument(location);
  return {
    store: location.description,
    loaded,
    changeLog: await location.readLog().catch(() => []),
    revocation: isAboutLists
      ? await readRevocationInformation(readListsFrom(flags.app, loaded.snapshot), { now: Date.now() })
      : undefined,
    isSignatureRefused: await isSignatureRefused(loaded, flags),
  };
}

function listOthers(document: DocumentQuestion, documents: readonly DocumentQuestion[]): readonly KnownDocument[] {
  return documents.filter((each) => each !== document).map(({ store, loaded }) => ({ store, trust: loaded.snapshot }));
}

/** Groups the lines without checking their shape, because a user may have pasted only a part of a line. */
async function readGroups(
  flags: QuestionFlags,
): Promise<{ readonly found: LineGroups; readonly isIncomplete: boolean }> {
  const { correlationId } = flags;
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = findLineWindow(flags);
  const groups = new LineGroups();
  const outcomes = new OneOutcome<LogLine>({
    use: (line) => {
      groups.add(line);
    },
    leaveOut: () => undefined,
  });
  let count = 0;
  let outside = 0;
  let used = 0;
  let isIncomplete = false;
  const takeLine = (line: LogLine): void => {
    const time = findInstant(findLineText(line, 'time') ?? '');
    if (time !== undefined && (time < from || time > until)) {
      outside += 1;
      return;
    }
    count += 1;
    if (correlationId !== undefined && line['correlationId'] !== correlationId) return;
    used += 1;
    outcomes.take(line, line);
  };
  for (const { name, read } of await openLogFiles(flags.log ?? [])) {
    let unreadable = 0;
    const passUnreadable = (): void => {
      unreadable += 1;
    };
    const lines = { takeLine, passUnreadable };
    const note = (what: string): void => {
      printNotice(escapeControls(`${name}: ${what}`));
    };
    const passOther = (): void => undefined;
    const noteGap = (gap: string): void => {
      isIncomplete = true;
      note(gap);
    };
    await read({ ...lines, from: () => lines, passOther, passTooLong: passUnreadable, noteGap });
    if (unreadable > 0) {
      const which = unreadable === 1 ? '1 line that is' : `${unreadable} lines that are`;
      note(`skipped ${which} cut short, damaged or longer than 1 MiB.`);
    }
  }
  outcomes.end();
  if (used > 0) return { found: groups, isIncomplete };
  if (outside > 0) {
    const which = correlationId === undefined ? '' : ` with the correlation id "${correlationId}"`;
    throw new ToolFailure(`The log has no line of Certgate${which} in the requested time.`, {
      remedy: 'Give an earlier --since, or a later --until.',
    });
  }
  if (count === 0) {
    throw new ToolFailure('The log has no line of Certgate: none contains {"certgate":1, …}.', {
      remedy: 'Pass the lines that the app wrote, as they are or as Application Insights exports them.',
    });
  }
  throw new ToolFailure(`None of the ${count} lines of Certgate has the correlation id "${correlationId ?? ''}".`, {
    remedy:
      'Pass the lines of the app that was called, at the time of the call. Of many refusals in a minute, a gate writes the first ones and counts the others.',
  });
}

/**
 * What the function requires, according to the app or to the command line. The app may no longer have a function that a
 * line names.
 */
async function findLineRequirement(
  { store, app, function: name, requiresRole }: QuestionFlags,
  called: string | undefined,
): Promise<LineRequirement> {
  // What the options say about one function is not true of another.
  const isOther = name !== undefined && called !== undefined && name.toLowerCase() !== called.toLowerCase();
  const functionName = isOther || name === undefined ? (app === undefined ? undefined : called) : name;
  if (functionName === undefined) return { requirement: undefined };
  if (app === undefined && requiresRole === undefined) return { requirement: undefined };
  const flags = { function: functionName, ...(app && { app }), ...(requiresRole && { requiresRole }) };
  try {
    const { explained } = await findExplainedFunction(flags, nameForApp(store), { now: Date.now() });
    const requirement = findRequirement(explained);
    if (requirement !== undefined) return { requirement };
    const requirementFault = `As loaded here, the app asks for no certificate at "${explained.name}".`;
    return { requirement, requirementFault };
  } catch (failure) {
    if (functionName === name || !(failure instanceof ToolFailure)) throw failure;
    return { requirement: undefined, requirementFault: failure.message };
  }
}

const exitCodeByOutcome = {
  allowed: exitCodes.ok,
  denied: exitCodes.failed,
  unverified: exitCodes.unverified,
} as const;

async function explainCaller(flags: QuestionFlags & FunctionFlags): Promise<void> {
  const { report, explained } = await explainCall(flags);
  if (flags.json === true) printJson(report);
  else printLine(formatExplanation(report, explained));
  process.exitCode = exitCodeByOutcome[report.outcome];
}

/** Explains a call without printing anything. @throws {ToolFailure} if an argument can't be used. */
export async function explainCall(
  flags: QuestionFlags & FunctionFlags,
): Promise<{ readonly report: ExplanationReport; readonly explained: ExplainedFunction }> {
  if (flags.certificate === undefined) {
    throw new ToolFailure('No caller is given.', {
      remedy:
        'Pass a certificate with --certificate <file>, or pass --no-certificate. For a line of the log: --log <file>.',
    });
  }
  const certificateDer =
    flags.certificate === false ? undefined : (await readCertificateArgument(flags.certificate, flags)).certificateDer;
  const location = await openTrustLocation(flags.store);
  const loaded = await loadTrustDocument(location);
  const admission = await admitByOptions(loaded, flags);
  const trust = admission.outcome === 'taken' ? admission.snapshot : loaded.snapshot;
  const refusal =
    admission.outcome === 'taken'
      ? undefined
      : `An app with these options does not accept the document (${location.description}): ${admission.fault}`;
  const now = flags.at ?? Date.now();
  const certificate =
    certificateDer === undefined ? {} : { certificate: Buffer.from(certificateDer).toString('base64') };
  const { explained, app } = await findExplainedFunction(flags, nameForApp(flags.store), { ...certificate, now });
  const isCompared = app?.answer !== undefined && app.isByDocument;
  const report = await explainCertificate({
    store: location.description,
    trust,
    explained,
    app,
    certificateDer,
    now,
    folder: flags.app,
    refusal: refusal ?? (app?.startFault && `The app does not start with this document: ${app.startFault}`),
    isSigned: loaded.signature !== undefined,
    isSignatureRefused: await isSignatureRefused(loaded, flags),
    unverified: [
      ...(isCompared ? [] : listUnverified({ signature: loaded.signature, audience: trust.audience }, flags)),
      ...(explained.policy.kind === 'certificate' ? listUnverifiedOfApp(app, flags) : []),
    ],
  });
  return { report, explained };
}

/** The place of the document for an app setting. A path is absolute, because the app is loaded in its own folder. */
function nameForApp(store: string): string {
  const address = parseTrustAddress(store);
  return address.kind === 'file' ? resolve(address.path) : store;
}

async function isSignatureRefused(loaded: LoadedTrustDocument, flags: GateFlags): Promise<boolean> {
  const state = await verifyBySigners(loaded, flags);
  return state !== undefined && state !== 'fits';
}
