// Calls a function with a client certificate. The private key stays here: TLS proves that we hold it.
//
//   node dist/call.js https://localhost:7443/api/SecuredFunction allowed.pfx password.txt [server-certificate.pem]
import { readFile } from 'node:fs/promises';
import { Agent, fetch } from 'undici';

const [url, pfxFile, passwordFile, serverCertificateFile] = process.argv.slice(2);
if (url === undefined || pfxFile === undefined || passwordFile === undefined) {
  console.error('usage: call <url> <certificate.pfx> <password file> [server certificate.pem]');
  process.exit(2);
}

const dispatcher = new Agent({
  connect: {
    pfx: await readFile(pfxFile),
    passphrase: (await readFile(passwordFile, 'utf8')).trim(),
    // Only for the local gateway, whose certificate no authority has signed. In Azure, leave it out.
    ...(serverCertificateFile === undefined ? {} : { ca: await readFile(serverCertificateFile) }),
  },
});

const response = await fetch(url, { dispatcher });
console.log(response.status, await response.text());
await dispatcher.close();
