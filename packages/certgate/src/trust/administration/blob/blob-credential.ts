import type { BlobAddress } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { loadAzureIdentity } from '../../../azure-sdk/azure-packages.js';
import { type AzureStoragePackage, storageNeed } from './azure-storage.js';

/** How to open a blob: with a credential object for the SDK, or with a signed query that is appended to the URL. */
export interface BlobAccess {
  readonly credential?: object;
  /** The signed query, without the question mark. It must never be printed. */
  readonly query?: string;
  /** Names the kind of access in messages. */
  readonly kind: string;
}

/** The account of the emulator Azurite. Its default key is the same on every machine, and the SDK knows it. */
const azuriteAccount = 'devstoreaccount1';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Chooses how to open the blob, by the variables that the Azure command line reads, in this order:
 * AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_KEY. Without any of them, or with
 * AZURE_STORAGE_AUTH_MODE=login, it uses Azure's default credential (a managed identity, `az login`, a workload
 * identity), or for Azurite its development key.
 *
 * @throws {ToolFailure} if a variable belongs to another account or host, because its secret must not be sent to this
 * one, if there is no usable credential that may be sent to this host, or if the package for it is missing.
 */
export function chooseBlobAccess(
  address: BlobAddress,
  storage: AzureStoragePackage,
  environment: Variables,
  folder: string,
): BlobAccess {
  const isLogin = environment['AZURE_STORAGE_AUTH_MODE']?.toLowerCase() === 'login';
  const given = isLogin ? undefined : findGivenAccess(address, storage, environment);
  if (given !== undefined) return given;
  if (address.isAzure) {
    return {
      credential: new (loadAzureIdentity(folder, storageNeed).DefaultAzureCredential)(),
      kind: "Azure's default credential",
    };
  }
  if (address.isLoopback && address.account === azuriteAccount) {
    const { credential } = storage.BlobServiceClient.fromConnectionString('UseDevelopmentStorage=true');
    return { credential, kind: "Azurite's development key" };
  }
  throw new ToolFailure(
    address.isLoopback
      ? 'There is no credential for the storage on this machine.'
      : 'Tokens of Microsoft Entra are sent only to *.blob.core.windows.net and its counterparts in other Azure clouds, and this is another host.',
    { remedy: 'Set AZURE_STORAGE_CONNECTION_STRING, with a BlobEndpoint that the URL begins with.' },
  );
}

function findGivenAccess(
  address: BlobAddress,
  storage: AzureStoragePackage,
  environment: Variables,
): BlobAccess | undefined {
  const connection = environment['AZURE_STORAGE_CONNECTION_STRING'];
  if (isSet(connection)) return openConnectionString(connection, address, storage);
  const named = environment['AZURE_STORAGE_ACCOUNT'];
  const { AZURE_STORAGE_SAS_TOKEN: token, AZURE_STORAGE_KEY: key } = environment;
  if (!isSet(token) && !isSet(key)) return undefined;
  const variable = isSet(token) ? 'AZURE_STORAGE_SAS_TOKEN' : 'AZURE_STORAGE_KEY';
  if (isSet(named) && named !== address.account) throw foreign(variable, named, address);
  if (!address.isAzure && !address.isLoopback) {
    throw new ToolFailure(`${variable} is sent only to Azure's own hosts, and this is another host.`, {
      remedy: 'Set AZURE_STORAGE_CONNECTION_STRING, with a BlobEndpoint that the URL begins with.',
    });
  }
  if (isSet(token)) return { query: token.replace(/^\?/, ''), kind: variable };
  return { credential: openKey(storage, address.account, key ?? '', variable), kind: variable };
}

function openConnectionString(text: string, address: BlobAddress, storage: AzureStoragePackage): BlobAccess {
  const kind = 'AZURE_STORAGE_CONNECTION_STRING';
  const fields = new Map(
    text.split(';').flatMap((part): [string, string][] => {
      const at = part.indexOf('=');
      return at < 1 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]];
    }),
  );
  const account = fields.get('accountname');
  const endpoint = findEndpoint(fields);
  if (endpoint === undefined) throw new ToolFailure(`${kind} names neither a BlobEndpoint nor an account.`);
  if (!`${address.url}/`.startsWith(endpoint)) throw foreign(kind, account ?? endpoint, address);
  const signature = fields.get('sharedaccesssignature');
  if (isSet(signature)) return { query: signature.replace(/^\?/, ''), kind };
  const key = fields.get('accountkey');
  if (!isSet(key) || !isSet(account)) throw new ToolFailure(`${kind} contains neither a key nor a signature.`);
  return { credential: openKey(storage, account, key, kind), kind };
}

/** The endpoint with a slash at its end, so that `…net.example.org` isn't taken for `…net`. */
function findEndpoint(fields: ReadonlyMap<string, string>): string | undefined {
  const account = fields.get('accountname');
  const suffix = fields.get('endpointsuffix') ?? 'core.windows.net';
  const given = fields.get('blobendpoint') ?? (isSet(account) ? `https://${account}.blob.${suffix}` : undefined);
  return given !== undefined && URL.canParse(given) ? new URL(given).href.replace(/\/?$/, '/') : undefined;
}

function openKey(storage: AzureStoragePackage, account: string, key: string, variable: string): object {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) throw new ToolFailure(`The key in ${variable} is not base64.`);
  return new storage.StorageSharedKeyCredential(account, key);
}

function foreign(variable: string, other: string, address: BlobAddress): ToolFailure {
  return new ToolFailure(`${variable} belongs to ${other}, and the store is at ${address.url}. It is not sent there.`, {
    remedy: 'Unset it, or set AZURE_STORAGE_AUTH_MODE=login to use your own login.',
  });
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
