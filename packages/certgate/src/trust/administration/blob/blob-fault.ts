import type { BlobAddress } from '@certgate/core/internal';
import { formatToolCall } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import {
  type AzureFault,
  type ExplainedFault,
  isWithoutLogin,
  readAzureFault,
} from '../../../azure-sdk/azure-fault.js';

/** Explains a fault of the storage in a person's words. `accessKind` names the credential that was tried. */
export function explainBlobFault(thrown: unknown, address: BlobAddress, accessKind: string): ToolFailure {
  if (thrown instanceof ToolFailure) return thrown;
  const fault = readAzureFault(thrown);
  const { message, remedy } = explain(fault, address, accessKind);
  return new ToolFailure(message, { ...(remedy === undefined ? {} : { remedy }), cause: thrown });
}

function explain(fault: AzureFault, { url, account, container }: BlobAddress, accessKind: string): ExplainedFault {
  const { status, code, name } = fault;
  if (code === 'ContainerNotFound') {
    return {
      message: `The storage account ${account} has no container ${container}.`,
      remedy: `Create it: az storage container create --auth-mode login --account-name ${account} --name ${container}`,
    };
  }
  if (code === 'ContainerBeingDeleted') return { message: `The container ${container} is being deleted.` };
  if (status === 401 || (status === 403 && /Authentication|InvalidAuth|KeyBasedAuth/.test(code))) {
    return {
      message: `The storage did not accept the credential for ${url} (${accessKind}): ${code || `status ${status}`}.`,
      remedy:
        accessKind === "Azure's default credential"
          ? 'Is the login for the right tenant? az account show'
          : 'It may be wrong or expired, or the account takes no keys: unset it to use your own login.',
    };
  }
  if (status === 403 && code === 'AuthorizationFailure') {
    return {
      message: `The storage refuses ${url} (${accessKind}): AuthorizationFailure.`,
      remedy:
        "The account's network rules or the permissions of the signature don't allow this request. (With Azurite, the key is wrong.)",
    };
  }
  if (status === 403) {
    return {
      message: `This login may not read or write ${url} (${accessKind}): ${code || 'status 403'}.`,
      remedy: `It needs the role Storage Blob Data Contributor on the container ${container} (Reader is enough to read). A new assignment takes some minutes.`,
    };
  }
  if (isWithoutLogin(fault)) {
    return {
      message: 'There is no login for Azure on this machine.',
      remedy: 'Run az login, or set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY.',
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      message: `The host of ${url} is not known.`,
      remedy: 'Is the account spelt right, and is there a network?',
    };
  }
  if (code === 'LeaseIdMissing' || code === 'LeaseNotPresentWithBlobOperation') {
    return {
      message: `There is a lease on ${url}, so it can't be written.`,
      remedy: 'az storage blob lease break …',
    };
  }
  if (code === 'BlockCountExceedsLimit') {
    return {
      message: `The log of changes of ${url} is full (50,000 lines).`,
      remedy: `Export it, then move the blob away: ${formatToolCall(['trust', 'log', '--json', '--store', `blob:${url}`])}`,
    };
  }
  if (code === 'InvalidBlobType') {
    return { message: `The blob ${url} or its log has the wrong type: the log must be an append blob.` };
  }
  return {
    message: `${url} can't be reached or used: ${code || name}${status === undefined ? '' : ` (status ${status})`}: ${fault.message}`,
  };
}
