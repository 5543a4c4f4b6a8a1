import { formatToolCall } from '../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { StartHookFailure } from '#local/functions-host/functions-host.js';

/**
 * For the `catch` of an app's start. Explains a wrong or missing trust document, which Certgate's own appStart hook
 * loads, so that it does not look like a fault of the app's code.
 */
export function explainFailedStart(failure: unknown): never {
  throw (failure instanceof StartHookFailure ? explainTrust(failure) : undefined) ?? failure;
}

function explainTrust({ hookError: { code, message }, cause }: StartHookFailure): ToolFailure | undefined {
  const [reason = ''] = message.split('\n', 1);
  if (code === 'CERTGATE_TRUST_DOCUMENT_INVALID') {
    return new ToolFailure(`The app does not start, because of its trust document. ${reason}`, {
      remedy: `Correct the document: in Azure, the app would not start either. To see every problem: ${checkStore(findStore(message) ?? 'STORE')}`,
      cause,
    });
  }
  if (code === 'CERTGATE_TRUST_SOURCE_MISUSE') {
    return new ToolFailure(`The app does not start, because it finds no trust document. ${reason}`, {
      remedy: `Set what secureApp reads, e.g. CERTGATE_TRUST in local.settings.json and in Azure's app settings, to where a document is that passes: ${checkStore('trust.json')}`,
      cause,
    });
  }
  return undefined;
}

function findStore(message: string): string | undefined {
  const [, kind, place] = /^The trust document \((file|blob|URL) (.+?)\) is not valid/.exec(message) ?? [];
  return kind === 'blob' ? `blob:${place ?? ''}` : place;
}

function checkStore(store: string): string {
  return formatToolCall(['trust', 'check', '--store', store]);
}
