import { ToolFailure } from '#local/tool-failure.js';
import {
  type AzureFault,
  type ExplainedFault,
  isWithoutLogin,
  readAzureFault,
} from '../../../azure-sdk/azure-fault.js';
import type { KeyVaultAddress } from './key-vault-address.js';

/** Explains a fault of the vault in a person's words and, if possible, what to do about it. */
export function explainKeyVaultFault(
  thrown: unknown,
  address: KeyVaultAddress,
  operation: 'read' | 'sign',
): ToolFailure {
  if (thrown instanceof ToolFailure) return thrown;
  const { message, remedy } = explain(readAzureFault(thrown), address, operation);
  return new ToolFailure(`${message} Nothing was written.`, {
    ...(remedy === undefined ? {} : { remedy }),
    cause: thrown,
  });
}

function explain(fault: AzureFault, address: KeyVaultAddress, operation: 'read' | 'sign'): ExplainedFault {
  const { status, code, name } = fault;
  const { url, vaultUrl } = address;
  if (isWithoutLogin(fault)) {
    return {
      message: 'There is no login for Azure on this machine, so the key in Key Vault was not used.',
      remedy: 'Run az login, or give the pipeline a managed identity or a workload identity.',
    };
  }
  if (status === 401) {
    return {
      message: `The vault ${vaultUrl} did not accept the login (${code || 'status 401'}).`,
      remedy: 'Is the login for the tenant of the vault? az account show',
    };
  }
  if (status === 403) return explainForbidden(fault, address, operation);
  if (status === 404) {
    return {
      message: `The vault ${vaultUrl} has no key ${url} (${code || 'status 404'}).`,
      remedy: 'Check the name and the version. To see the keys: az keyvault key list --vault-name …',
    };
  }
  if (status === 429) {
    return {
      message: `The vault ${vaultUrl} has too many requests (status 429).`,
      remedy: 'Run it again in a minute.',
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      message: `The host of ${vaultUrl} is not known.`,
      remedy: 'Is the vault spelt right, and is there a network?',
    };
  }
  if (name === 'AbortError' || name === 'TimeoutError') {
    return { message: `The vault ${vaultUrl} did not answer within a minute.`, remedy: 'Run it again.' };
  }
  return {
    message: `${url} can't be reached or used: ${code || name}${status === undefined ? '' : ` (status ${status})`}: ${fault.message}.`,
  };
}

/**
 * Explains the status 403. Its reason is usually `ForbiddenByRbac`, `ForbiddenByPolicy`, `ForbiddenByFirewall`,
 * `ForbiddenByConnection` or `KeyDisabled`.
 */
function explainForbidden(
  { code, innerCode }: AzureFault,
  { url, vaultUrl }: KeyVaultAddress,
  operation: 'read' | 'sign',
): ExplainedFault {
  const reason = innerCode || code || 'status 403';
  if (reason === 'ForbiddenByFirewall' || reason === 'ForbiddenByConnection') {
    return {
      message: `The network rules of the vault ${vaultUrl} don't allow requests from this machine (${reason}).`,
      remedy: 'Run it from an allowed network, or allow this one: az keyvault network-rule add …',
    };
  }
  if (reason === 'KeyDisabled') {
    return {
      message: `The key ${url} is disabled.`,
      remedy: 'Ask its owner why. To enable it: az keyvault key set-attributes --enabled true …',
    };
  }
  return {
    message: `This login may not ${operation === 'read' ? 'read' : 'sign with'} the key ${url} (${reason}).`,
    remedy:
      'It needs the role Key Vault Crypto User on the key (in a vault with access policies: get and sign of keys). A new assignment takes some minutes.',
  };
}
