/** What of one message is there. */

export interface MessageSupport {
  /** Fields that do what Envoy's documentation says. */
  readonly read: readonly string[];
  /** Fields that are accepted and change nothing here, each with the reason why that is the same to everyone. */
  readonly inert?: Readonly<Record<string, string>>;
  /** Read fields (or inert ones) of which only these values are there. */
  readonly only?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}
