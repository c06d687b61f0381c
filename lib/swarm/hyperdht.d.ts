/** The types of the parts of hyperdht that we use; it comes without types. */

declare module 'hyperdht' {
  import type { EventEmitter } from 'node:events';

  interface KeyPair {
    readonly publicKey: Buffer;
    readonly secretKey: Buffer;
  }

  /** An encrypted stream, of streamx; `open` once the other end has proven its key. */
  interface SecretStream extends EventEmitter {
    readonly remotePublicKey: Buffer;
    /** The same at both ends, and at no other two. */
    readonly handshakeHash: Buffer;
    readonly opened: Promise<boolean>;
    /** A message of which only a part has come. It is no part of their interface: a test watches over it. */
    readonly _message: Buffer | null;
    /** The stream of UDP packets beneath. */
    readonly rawStream: { readonly remoteHost: string; readonly remotePort: number } | null;
    readonly destroyed: boolean;
    /** Returns false if the next piece should wait for `drain`. */
    write(data: Buffer): boolean;
    /** Resolves when the other end has confirmed all, or never will. */
    flush(): Promise<boolean>;
    end(): void;
    pause(): void;
    resume(): void;
    destroy(error?: Error): void;
  }

  interface Server extends EventEmitter {
    readonly relayAddresses: readonly unknown[];
    listen(keyPair: KeyPair): Promise<void>;
    /** Announces the key anew within seconds. */
    refresh(): void;
  }

  /** The answers of the nodes of the DHT, one by one. */
  interface Query extends AsyncIterable<{ readonly peers: readonly { publicKey: Buffer }[] }> {
    finished(): Promise<void>;
    destroy(): void;
  }

  export default class HyperDHT extends EventEmitter {
    constructor(options: {
      readonly bootstrap?: readonly string[];
      readonly keyPair?: KeyPair;
      readonly host?: string;
      readonly port?: number;
      readonly firewalled?: boolean;
      readonly ephemeral: boolean;
    });
    static keyPair(seed: Buffer): KeyPair;
    readonly online: boolean;
    fullyBootstrapped(): Promise<void>;
    connect(key: string): SecretStream;
    createServer(options: { firewall(): boolean }): Server;
    announce(topic: Buffer, keyPair: KeyPair, relayAddresses: readonly unknown[]): Query;
    unannounce(topic: Buffer, keyPair: KeyPair): Promise<void>;
    destroy(options?: { readonly force: boolean }): Promise<void>;
  }

  export type { KeyPair, Query, SecretStream, Server };
}

declare module 'hypercore-id-encoding' {
  /** The 52 characters, in z-base-32, of a key of 32 bytes. */
  export function encode(key: Buffer): string;
}
