/** What a service of Azure's answered, as far as it can be told from what the SDK throws. */
export interface AzureFault {
  readonly status: number | undefined;
  /** The service's error code, e.g. `BlobNotFound`, or the system's, e.g. `ENOTFOUND`. */
  readonly code: string;
  /** The code inside that one, where a service has two levels: Key Vault says `Forbidden` and, within, `ForbiddenByRbac`. */
  readonly innerCode: string;
  readonly name: string;
  readonly message: string;
}

export function readAzureFault(thrown: unknown): AzureFault {
  if (!(thrown instanceof Error)) {
    return { status: undefined, code: '', innerCode: '', name: '', message: 'unknown fault' };
  }
  const { statusCode, code, details } = thrown as Error & {
    readonly statusCode?: unknown;
    readonly code?: unknown;
    readonly details?: ServiceDetails;
  };
  // Answers without a body have the code in a header only.
  const serviceCode = details?.errorCode ?? details?.error?.code ?? code;
  const innerCode = details?.error?.innerError?.code;
  return {
    status: typeof statusCode === 'number' ? statusCode : undefined,
    code: typeof serviceCode === 'string' ? serviceCode : '',
    innerCode: typeof innerCode === 'string' ? innerCode : '',
    name: thrown.name,
    // The SDK puts the whole answer behind the first line, and the URL with its query into some.
    message: redact((thrown.message.split('\n', 1)[0] ?? '').trim()),
  };
}

/** Storage has its code at the top. Key Vault has the body of the answer, in which the SDK renames `innererror`. */
interface ServiceDetails {
  readonly errorCode?: unknown;
  readonly error?: { readonly code?: unknown; readonly innerError?: { readonly code?: unknown } | null };
}

function redact(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s?"']*)\?[^\s"']*/g, '$1?…');
}

/** Whether the credential found nobody to be: no login, no managed identity, nothing in the environment. */
export function isWithoutLogin({ name }: AzureFault): boolean {
  return name === 'CredentialUnavailableError' || /Authentication(?:Required)?Error$/.test(name);
}
