/** The local DHT that comes with hyperdht, without types. */

declare module 'hyperdht/testnet.js' {
  import type HyperDHT from 'hyperdht';

  interface Testnet {
    readonly bootstrap: readonly { readonly host: string; readonly port: number }[];
    /** A client of this DHT. */
    createNode(options?: object): HyperDHT;
    destroy(): Promise<void>;
  }

  /** @param size number of nodes that keep the records */
  export default function createTestnet(
    size: number,
    options: { readonly host: string; readonly port?: number },
  ): Promise<Testnet>;
  export type { Testnet };
}
