import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { readCertificateFile } from '../../certificates/read-certificate-file.js';
import type { DroppedFile } from '../../trust/views/page-views.js';
import type { TryCaller } from './callers.js';

/**
 * The caller whose PFX or PEM file was dropped on the page: in memory, for this one request.
 *
 * @throws {ToolFailure} for what can't be opened, and for a file without a private key.
 */
export async function readDroppedCaller({ name, base64, password }: DroppedFile): Promise<TryCaller> {
  const { certificateDer, otherCertificates, privateKeyPem } = await readCertificateFile(
    Buffer.from(base64, 'base64'),
    {
      name: name === '' ? 'The file' : name,
      privateKey: 'required',
      ...(password === null ? {} : { password }),
    },
  );
  const certificatePem = [certificateDer, ...otherCertificates].map((der) => encodePem('CERTIFICATE', der)).join('');
  return {
    name,
    label: name,
    description: 'A file of your own.',
    certificate: { certificatePem, privateKeyPem: privateKeyPem ?? '' },
    certificateDer,
    isTrusted: false,
    roles: [],
    files: undefined,
  };
}
