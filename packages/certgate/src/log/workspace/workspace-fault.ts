import { isWithoutLogin, readAzureFault } from '../../azure-sdk/azure-fault.js';
import { ToolFailure } from '../../faults/tool-failure.js';

/** In a person's words: why the workspace gave no lines, and who can change that. */
export function explainWorkspaceFault(thrown: unknown, workspace: string): ToolFailure {
  if (thrown instanceof ToolFailure) return thrown;
  const fault = readAzureFault(thrown);
  const { status, code, name, message } = fault;
  const fail = (what: string, remedy: string): ToolFailure => new ToolFailure(what, { remedy, cause: thrown });
  if (isWithoutLogin(fault)) {
    return fail(
      'There is no login for Azure on this machine.',
      'Run az login, or give the pipeline a managed identity or a workload identity.',
    );
  }
  if (status === 401) {
    return fail(
      `Azure Monitor did not accept the login (${code || 'status 401'}).`,
      'Is the login for the tenant of the workspace? az account show',
    );
  }
  if (status === 403) {
    return fail(
      `This login may not read the workspace ${workspace} (${code || 'status 403'}).`,
      'It needs the role Log Analytics Reader on the workspace. A new assignment takes some minutes.',
    );
  }
  if (status === 404) {
    return fail(
      `There is no workspace ${workspace} (${code || 'status 404'}).`,
      'Its ID: az monitor log-analytics workspace show --query customerId …',
    );
  }
  if (status === 429) {
    return fail(
      `The workspace ${workspace} has too many queries (status 429).`,
      'Run it again in some minutes, or with a later --since.',
    );
  }
  if (status === 504 || status === 408) {
    return fail(
      `The workspace ${workspace} did not answer within 10 minutes.`,
      'Run it again with a later --since, or export the lines in parts and read them with --log.',
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail('The host of Azure Monitor is not known.', 'Is there a network?');
  }
  return new ToolFailure(
    `The workspace ${workspace} can't be queried: ${code || name}${status === undefined ? '' : ` (status ${status})`}: ${message}`,
    { cause: thrown },
  );
}
