/** Why a dial failed or a connection ended, in words for a person. */

/** OpenSSL's errors for a certificate of an authority that we do not trust. */
const UNTRUSTED = /UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT/;

/** Why a dial of an address failed, for a person. */
export function explainError(error: NodeJS.ErrnoException, address: string): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there';
  if (/ 401$/.test(error.message)) return 'it wants another NETWORK_SECRET';
  if (error.code === 'ECONNRESET' && !/^wss:/i.test(address)) {
    return 'it hangs up; if it speaks TLS, it is wss://';
  }
  if (error.code === 'EPROTO') return 'it speaks no TLS: it is ws://';
  if (UNTRUSTED.test(error.code ?? '')) return 'its certificate is from nobody that TLS_CA names';
  return error.message || error.code || 'no connection';
}

/** Why a connection ended, for a person. */
export function explainClose(code: number): string {
  if (code === 1001) return 'it left';
  if (code === 1006) return 'the connection broke';
  return `closed with code ${code}`;
}
