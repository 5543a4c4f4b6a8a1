import { CommandFailure } from '../../command-line/command-failure.js';

/** Where a blob is. */
export interface BlobAddress {
  /** Without query and fragment, so it holds no secret. */
  readonly url: string;
  readonly account: string;
  readonly container: string;
  readonly isLoopback: boolean;
  /** One of Azure's own names, which a token of Microsoft Entra may be sent to. */
  readonly isAzure: boolean;
}

const azureHost =
  /^(?<account>[a-z0-9]{3,24})(?:-secondary)?(?:\.z\d{1,2})?\.blob\.(?:core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|storage\.azure\.net)$/;

/**
 * `https://account.blob.core.windows.net/container/name.json`, or on this machine Azurite's
 * `http://127.0.0.1:10000/devstoreaccount1/container/name.json`.
 *
 * @throws {CommandFailure} that never repeats what may be a secret.
 */
export function parseBlobAddress(text: string): BlobAddress {
  refuseSecrets(text);
  if (!URL.canParse(text)) throw notAnAddress('it is no URL');
  const url = new URL(text);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw notAnAddress('it must begin with https: (http: only on this machine, for Azurite)');
  }
  const names = url.pathname.slice(1).split('/');
  const azure = azureHost.exec(url.hostname);
  // Azurite, and only where it is, has the account in the path.
  const account = azure?.groups?.['account'] ?? (isLoopback ? names.shift() : url.hostname.split('.', 1)[0]);
  const [container, ...blob] = names;
  if (account === undefined || account === '' || container === undefined || container === '' || blob.join('') === '') {
    throw notAnAddress('it must name a container and a blob in it');
  }
  return { url: url.href, account, container, isLoopback, isAzure: azure !== null };
}

/** Other users of the machine can read arguments, and shells and pipelines keep them. */
function refuseSecrets(text: string): void {
  // Also one whose question mark was escaped on the way, or fell out.
  const kind = /[?#]|%3f|\bsig=/i.test(text)
    ? 'a query (a shared access signature?)'
    : /AccountKey=|SharedAccessSignature=/i.test(text)
      ? 'a connection string'
      : /^[a-z]+:\/\/[^/]*@/i.test(text)
        ? 'a user name'
        : undefined;
  if (kind === undefined) return;
  throw new CommandFailure(`The store carries ${kind}, and arguments are no place for secrets. It is not used.`, {
    remedy:
      'Give the bare URL. Credentials come from `az login` or the environment: AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY.',
  });
}

function notAnAddress(reason: string): CommandFailure {
  return new CommandFailure(`The store after blob: can't be used: ${reason}.`, {
    remedy: 'It looks like this: --store blob:https://account.blob.core.windows.net/container/trust.json',
  });
}
