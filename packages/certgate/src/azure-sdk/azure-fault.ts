/** What an Azure service answered, as far as the error that the SDK throws shows it. */
export interface AzureFault {
  readonly status: number | undefined;
  /** The service's error code, e.g. `BlobNotFound`, or the system's, e.g. `ENOTFOUND`. Empty if the error has none. */
  readonly code: string;
  /**
   * The more precise code of services that have two levels: Key Vault says `Forbidden`, and inside it
   * `ForbiddenByRbac`. Empty if there is none.
   */
  readonly innerCode: string;
  readonly name: string;
  readonly message: string;
}

/** A fault in words, and what to do next. */
export interface ExplainedFault {
  readonly message: string;
  readonly remedy?: string;
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
  // The place of the code depends on the service. An answer without a body has its code only in a header.
  const serviceCode = details?.errorCode ?? details?.error?.code ?? code;
  const innerCode = details?.error?.innerError?.code;
  return {
    status: typeof statusCode === 'number' ? statusCode : undefined,
    code: typeof serviceCode === 'string' ? serviceCode : '',
    innerCode: typeof innerCode === 'string' ? innerCode : '',
    name: thrown.name,
    // Only the first line, because the SDK puts the whole answer after it. The query of a URL is removed.
    message: redact((thrown.message.split('\n', 1)[0] ?? '').trim()),
  };
}

/**
 * The answer as the SDK passes it on. Storage has its code at the top. Key Vault has the body of the answer, in which
 * the SDK renames `innererror` to `innerError`.
 */
interface ServiceDetails {
  readonly errorCode?: unknown;
  readonly error?: { readonly code?: unknown; readonly innerError?: { readonly code?: unknown } | null };
}

function redact(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s?"']*)\?[^\s"']*/g, '$1?…');
}

/**
 * Whether the credential gave no token, usually because it found no login, no managed identity, and nothing in the
 * environment.
 */
export function isWithoutLogin({ name }: AzureFault): boolean {
  return name === 'CredentialUnavailableError' || /Authentication(?:Required)?Error$/.test(name);
}
