import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { readWords } from './lib/command-line.js';
import { CertificateAuthority, type Made } from './lib/commands/certificate-authority.js';
import { fail, printable } from './lib/log.js';
import { explainFileError } from './lib/text-file.js';

const FOLDER = 'certificates';

const USAGE = `Usage: node make-certificates.js HOST...

Makes what nodes need to speak with each other over TLS: a certificate authority for the network, once,
and a certificate for each HOST, the name or IP address by which others reach a node, such as
192.168.1.5 or mesh.example. They are in certificates/, where what is there already stays. The lines
for the .env of each node are printed.

  --help   print this`;

const hosts = readWords(USAGE).map(readHost);
if (hosts.length === 0) {
  fail('Name the hosts of the nodes: node make-certificates.js 192.168.1.5 mesh.example');
}
// Named as from here in what is said, and in what is said of errors.
process.chdir(import.meta.dirname);
try {
  const authority = CertificateAuthority.open(FOLDER);
  const ca = authority.made;
  console.log(`The authority, which all nodes trust: ${describe(ca)}`);
  if (!ca.isOld) console.log(`Keep ${ca.key} here: whoever has it can pass for any node`);
  for (const host of new Set(hosts)) {
    const { certificate, key, ...made } = authority.certify(host);
    console.log(`\nFor .env of a node at ${host}: ${describe({ certificate, ...made })}`);
    console.log(`TLS_CERT=../${certificate}\nTLS_KEY=../${key}\nTLS_CA=../${ca.certificate}`);
    console.log(linesForHost(host));
  }
  console.log('\nA node on another machine needs these three files there too, at the same place');
} catch (error) {
  fail(`${FOLDER}: ${explainFileError(error)}`);
}

/** A name or an IP address, without anything around it. */
function readHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(bare) && !bare.includes('%')) return bare;
  const host = domainToASCII(bare);
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) && host.length <= 253) return host;
  return fail(
    `${printable(text)} is neither a name nor an IP address: leave out ws:// and the port`,
  );
}

/** The lines by which a node listens there, and is found. */
function linesForHost(host: string): string {
  if (host === 'localhost') return 'HOST=localhost';
  return isIP(host) ? `HOST=${host}` : `HOST=0.0.0.0\nADDRESS=${host}`;
}

function describe({ certificate, isOld, until }: Omit<Made, 'key'>): string {
  const end = until.toISOString().slice(0, 10);
  return `${certificate}, ${isOld ? 'there already, ' : ''}valid until ${end}`;
}
