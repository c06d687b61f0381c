/** The address of a node, the secret that it asks for, and the authorities that are trusted. */
export interface Target {
  readonly address: string;
  readonly secret: string | undefined;
  /** PEM. */
  readonly ca: string | Buffer | undefined;
}
