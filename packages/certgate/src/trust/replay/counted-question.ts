import type { CountedCalls } from './call-groups.js';
import { findInstants, unknownThumbprint } from './compared-documents.js';
import type { CallQuestion } from './decide-again.js';
import { askAboutLine, type LineContext } from './line-question.js';
import type { UntoldReason } from './replay-report.js';

/** No function has this name, so it stands for each that no list names. */
const anyOther = '\u0000';

/** Of calls that status lines count: a question for each function that it may have been, at their first and last moment. */
export function askAboutCounted(
  { identity, matchedBy, matched, first, last, trustSha256 }: CountedCalls,
  context: LineContext,
): readonly CallQuestion[] | UntoldReason {
  const { before, after } = context.documents;
  const former = before.identities.find(({ name }) => name === identity);
  const isOfBefore = trustSha256?.slice(0, 16) === context.beforeDigits;
  const pin = former?.pins.find((each) => matched?.length === 16 && each.value.startsWith(matched));
  if (!isOfBefore || former === undefined) return 'otherDocument';
  // Another kind of pin doesn't tell it.
  const thumbprintSha256 = pin?.kind === 'thumbprintSha256' ? pin.value : unknownThumbprint;
  const instants = findInstants(context.documents, { identity, thumbprintSha256 }).flat();
  // Between the first and the last, the answer may have changed.
  if (instants.some((instant) => instant > first && instant <= last)) return 'statusOnly';
  const listed = after.identities.flatMap(({ functions = [] }) => functions);
  const names = former.functions ?? [...new Set(listed), anyOther];
  const questions = names.map((name) =>
    askAboutLine(
      {
        ...{ app: '', time: last, calls: 1, last },
        line: {
          ...{ outcome: 'allowed', code: 'allowed', function: name, identity, matchedBy },
          ...(matched !== undefined && { matched }),
          ...{ thumbprintSha256, trustRevision: before.revision, trustSha256: context.beforeDigits },
        },
      },
      { ...context, requirements: undefined },
    ),
  );
  const reason = questions.find((question) => typeof question === 'string');
  if (reason !== undefined) return reason;
  const mayLackClientAuth = pin?.acceptWithoutClientAuth !== undefined;
  return questions.flatMap((question) =>
    typeof question === 'string' ? [] : { ...question, uses: mayLackClientAuth ? ['client', 'server'] : question.uses },
  );
}
