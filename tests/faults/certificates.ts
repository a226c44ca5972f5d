import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

/** A key with its certificate chain, as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Certificates of a small authority of our own, and one of nobody's. */
export interface Certificates {
  /** Path of the authority's certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly authorityPath: string;
  /** For `localhost`, valid. */
  readonly valid: Certificate;
  /** For `localhost`, expired yesterday. */
  readonly expired: Certificate;
  /** Valid, for another host. */
  readonly wrongName: Certificate;
  /** For `localhost`, signed with its own key. */
  readonly selfSigned: Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes certificates in a folder with the `openssl` program. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name);
  await openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=Fault test authority',
  );
  const issue = async (name: string, host: string, days: number): Promise<Certificate> => {
    const files = { key: at(`${name}.key`), request: at(`${name}.csr`), cert: at(`${name}.pem`) };
    const extensions = ['-addext', `subjectAltName=DNS:${host}`];
    await openssl(
      'req',
      ...NEW_KEY,
      '-keyout',
      files.key,
      '-out',
      files.request,
      '-subj',
      `/CN=${host}`,
      ...extensions,
    );
    const signer = [
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
    ];
    await openssl('x509', '-req', '-in', files.request, '-out', files.cert, '-days', String(days), ...signer);
    return read(files.key, files.cert);
  };
  const valid = await issue('valid', 'localhost', 2);
  const expired = await issue('expired', 'localhost', -1);
  const wrongName = await issue('wrong-name', 'elsewhere.test', 2);
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    at('self.key'),
    '-out',
    at('self.pem'),
    '-days',
    '2',
    ...names,
  );
  const selfSigned = await read(at('self.key'), at('self.pem'));
  return { authorityPath: at('ca.pem'), valid, expired, wrongName, selfSigned };
}

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand('openssl', args, '');
  if (code !== 0) throw new Error(`openssl ${args[0]} ended with ${code}: ${stderr}`);
}

async function read(keyPath: string, certPath: string): Promise<Certificate> {
  const [key, cert] = await Promise.all([readFile(keyPath, 'utf8'), readFile(certPath, 'utf8')]);
  return { key, cert };
}
