/** The shape of all messages, and of frames that cannot be used. */

export type TransactionId = string | number;

/** A message of one of the types in `D`, a map from each type to its data. */
export type MessageOf<D> = {
  [T in keyof D]: { readonly type: T; readonly data: D[T] };
}[keyof D];

/** A frame that breaks the rules. If it was meant to be a transaction: its id, null if unusable. */
export interface Malformed {
  readonly malformed: string;
  readonly id?: TransactionId | null;
}

/** A frame that we cannot use: malformed, or of a type that we do not know. */
export type Unusable = Malformed | { readonly unknown: string };
