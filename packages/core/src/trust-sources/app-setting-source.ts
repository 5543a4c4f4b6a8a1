import { invalidArgument } from '@certgate/x509/internal';
import { type TrustSource, type TrustSourceReading, TrustSourceMisuse } from './trust-source.js';

/**
 * If App Service can't resolve a reference, it leaves the reference itself as the app setting's value
 * (learn.microsoft.com/azure/app-service/app-service-key-vault-references, Troubleshoot).
 */
const unresolvedReference = /^\s*@Microsoft\.(KeyVault|AppConfiguration)\(/i;

const questions: Readonly<Record<string, string>> = {
  keyvault: "may the app's identity get the secret (role Key Vault Secrets User), and does the vault let the app in",
  appconfiguration: "may the app's identity read the store (role App Configuration Data Reader)",
};

/**
 * Reads a trust document from the value of an app setting. Each read looks at the setting again: a serverless instance
 * starts before it is assigned to an app, and gets its settings later.
 *
 * @throws {CertgateError} if `name` can't be the name of an app setting.
 */
export function createAppSettingSource(name: string): TrustSource {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.:-]+$/.test(name)) {
    // The value may be confidential, so it isn't repeated.
    throw invalidArgument("trustStoreFromAppSetting takes an app setting's name, not its value.");
  }
  return {
    description: `app setting ${name}`,
    configuration: `app setting ${name}`,
    signatureDescription: `app setting ${name}_SIGNATURE`,
    read: ({ withSignature }) => Promise.resolve().then(() => readAppSetting(name, withSignature)),
  };
}

function readAppSetting(name: string, withSignature: boolean): TrustSourceReading {
  const value = findSetting(name);
  if (value === undefined || value.trim() === '') {
    throw new TrustSourceMisuse(`The app setting ${name} is ${value === undefined ? 'not there' : 'empty'}.`);
  }
  expectResolved(name, value);
  const signature = withSignature ? findSetting(`${name}_SIGNATURE`) : undefined;
  if (signature !== undefined) expectResolved(`${name}_SIGNATURE`, signature);
  return { changed: true, bytes: Buffer.from(value, 'utf8'), version: undefined, signature };
}

/**
 * The value of the app setting. Inherited properties are ignored, because `process.env` returns those of
 * Object.prototype too.
 */
function findSetting(name: string): string | undefined {
  return Object.hasOwn(process.env, name) ? process.env[name] : undefined;
}

/**
 * Throws an ordinary error, not a `TrustSourceMisuse`: the fault ends as soon as the platform can resolve the
 * reference.
 */
function expectResolved(name: string, value: string): void {
  const unresolved = findUnresolvedReference(value);
  if (unresolved === undefined) return;
  const { reference, question } = unresolved;
  throw new Error(
    `Azure could not resolve the ${reference} reference in the app setting ${name}: ${question}? The portal shows the reason beside the setting`,
  );
}

export interface UnresolvedReference {
  readonly reference: string;
  /** What the operator should check, as a question without the question mark. */
  readonly question: string;
}

export function findUnresolvedReference(value: string): UnresolvedReference | undefined {
  const [, service] = unresolvedReference.exec(value) ?? [];
  if (service === undefined) return undefined;
  return { reference: `@Microsoft.${service}(…)`, question: questions[service.toLowerCase()] ?? '' };
}
