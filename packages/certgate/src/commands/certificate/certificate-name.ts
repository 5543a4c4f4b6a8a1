import { ToolFailure } from '#local/tool-failure.js';

const reservedOnWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * Returns the name if it is a file name on every system and stays inside its folder, and throws ToolFailure otherwise.
 * Windows' rules apply on every system, because files are carried from one to another.
 */
export function checkCertificateName(name: string): string {
  const fault = findFault(name);
  if (fault === undefined) return name;
  throw new ToolFailure(`${JSON.stringify(name)} can't name a certificate: ${fault}.`, {
    remedy: 'It becomes the common name and the file name; letters, digits, "-", "_" and "." are always good.',
  });
}

function findFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (Array.from(name).length > 64) return 'it has more than 64 characters';
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return 'it has control characters';
  if (/[/\\:*?"<>|]/.test(name)) return 'it has a character that file names may not have';
  if (/^[-. ]/.test(name)) return 'it begins with a dash, a dot or a space';
  if (/[. ]$/.test(name)) return 'it ends in a dot or a space';
  if (reservedOnWindows.test(name)) return 'Windows keeps it for a device';
  return undefined;
}
