import { ToolFailure } from '#local/tool-failure.js';

/**
 * The address of a key in Azure Key Vault or in a managed HSM, from its identifier, such as
 * `https://VAULT.vault.azure.net/keys/NAME[/VERSION]`.
 */
export interface KeyVaultAddress {
  readonly vaultUrl: string;
  readonly keyName: string;
  /** Undefined if the address names no version. Then the version that is current when the tool reads the key signs. */
  readonly version: string | undefined;
  /** The whole URL, for messages. */
  readonly url: string;
}

/**
 * The vaults and managed HSMs of Azure's clouds. Tokens must go nowhere else. The SDK's own check is not enough: it
 * compares the host with the resource that the token is for, but the service's own answer names that resource.
 */
const vaultHost =
  /^[0-9a-z-]+\.(?:vault\.azure\.net|vault\.azure\.cn|vault\.usgovcloudapi\.net|managedhsm\.azure\.net|managedhsm\.azure\.cn|managedhsm\.usgovcloudapi\.net)$/;

const keyPath = /^\/keys\/(?<keyName>[0-9A-Za-z-]{1,127})(?:\/(?<version>[0-9a-fA-F]{32}))?\/?$/;

/** @throws {ToolFailure} if the text is not the URL of a key in a vault. */
export function parseKeyVaultAddress(text: string): KeyVaultAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw refuse('is not an https: URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refuse('has more than a host and a path. A secret does not belong in an argument');
  }
  if (!vaultHost.test(url.hostname)) {
    throw refuse(`names the host ${url.hostname}, which is not a vault of Azure's. Tokens are sent only to vaults`);
  }
  const { keyName, version } = keyPath.exec(url.pathname)?.groups ?? {};
  if (keyName === undefined) {
    throw refuse(
      /^\/(?:certificates|secrets)\//.test(url.pathname)
        ? 'names a certificate or a secret. The key of a certificate has the same name under /keys/'
        : 'names no key',
    );
  }
  return { vaultUrl: url.origin, keyName, version, url: url.href };
}

function refuse(fault: string): ToolFailure {
  return new ToolFailure(`The value of --key-vault-key ${fault}.`, {
    remedy: 'Write https://VAULT.vault.azure.net/keys/NAME, or with /VERSION behind it.',
  });
}
