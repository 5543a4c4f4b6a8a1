// certificate/: any certificate, header value, chain or revocation list, in words.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { DroppedFile, ReadResult } from '../../../certgate/src/trust/views/page-views.js';
import { announce } from '../parts/announcer.js';
import { createPastedFile, DropZone } from '../parts/drop-zone.js';
import { Notice } from '../parts/notice.js';
import type { Api } from '../session/api.js';
import { useAnswer } from '../session/use-answer.js';
import { ReadCertificate } from './read-certificate.js';
import { ReadCrl } from './read-crl.js';

const kinds: Readonly<Record<ReadResult['kind'], string>> = {
  certificate: 'A certificate',
  pfx: 'A PFX',
  header: 'A certificate header',
  chain: 'A chain of certificates',
  crl: 'A revocation list',
  'private-key': 'A private key',
  unknown: 'Nothing known',
};

export function CertificatePanel({ api }: { readonly api: Api }): VNode {
  const [text, setText] = useState('');
  const [file, setFile] = useState<DroppedFile>();
  const { answer: result, fault, ask } = useAnswer<ReadResult>();
  const read = (given: DroppedFile): void => {
    setFile(given);
    ask(api.read(given), (answer) => announce(answer.fault ?? `${kinds[answer.kind]} was read.`));
  };
  return (
    <div class="page certificate">
      <section class="panel certificate-input" aria-label="What to read">
        <h2 class="panel-title">Read a certificate</h2>
        <DropZone text="or drop it here: PFX, PEM, DER, a chain, a CRL" onFiles={([given]) => given && read(given)} />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            read(createPastedFile(text));
          }}
        >
          <label class="field">
            <span>Or paste it: PEM, base64, the value of a header</span>
            <textarea
              class="mono"
              rows={8}
              spellcheck={false}
              placeholder={'-----BEGIN CERTIFICATE-----'}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary" disabled={text.trim() === ''}>
            Read
          </button>
        </form>
        {file !== undefined && (result?.kind === 'pfx' || result?.kind === 'private-key') && (
          <PasswordForm key={file.name} file={file} onRead={read} />
        )}
        <p class="dim">What you drop stays in the memory of certgate on this machine. Private keys are not shown.</p>
      </section>
      <div class="certificate-results">
        {fault !== undefined && <Notice tone="warn">{fault}</Notice>}
        {result === undefined && fault === undefined && (
          <div class="empty panel">
            Its names, usages, dates and thumbprints are shown here, and whether the current trust lets it in.
          </div>
        )}
        {result !== undefined && file !== undefined && <Result result={result} name={file.name} />}
      </div>
    </div>
  );
}

interface PasswordFormProps {
  readonly file: DroppedFile;
  readonly onRead: (file: DroppedFile) => void;
}

function PasswordForm({ file, onRead }: PasswordFormProps): VNode {
  const [password, setPassword] = useState('');
  return (
    <form
      class="password-form"
      onSubmit={(event) => {
        event.preventDefault();
        onRead({ ...file, password: password === '' ? null : password });
      }}
    >
      <label class="password">
        <span>Password of {file.name}</span>
        <input
          type="password"
          autocomplete="off"
          value={password}
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

function Result({ result, name }: { readonly result: ReadResult; readonly name: string }): VNode {
  const { kind, fault, certificates, crl, notes } = result;
  return (
    <>
      <header class="page-head">
        <h2>
          {kinds[kind]} <span class="dim">in {name}</span>
        </h2>
      </header>
      {fault !== null && <Notice tone="warn">{fault}</Notice>}
      {notes.map((note) => (
        <Notice key={note} tone="info">
          {note}
        </Notice>
      ))}
      {certificates.map((certificate, index) => (
        <ReadCertificate key={index} certificate={certificate} />
      ))}
      {crl !== null && <ReadCrl crl={crl} />}
    </>
  );
}
